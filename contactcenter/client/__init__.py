"""The client's side of every public door, for agents' programs and integrators. Imports nothing of the server.

`desk.AgentClient` an agent's socket · `phone.PhoneClient` a telephony platform · `chat.ChatVisitor` a visitor of a
web page · `http.ApiClient` the JSON API. All of them come back by themselves and never do a thing twice.
"""
