"""Asterisk 16 to 23 by ARI: a pure translation and control machine, and the half that talks.

pure     names (ids that carry ours), events (decode), record (one call), actions (what it asks for), causes,
         life (the table), sides (what is done to both), customer, agents, talk (flows), outgoing (callbacks),
         holding (hold, consult, record), board (all calls of one Asterisk), survey (what is really there)
talking  rest (HTTP), link (websocket), platform (ties them to an Intake; a Sender)
"""
