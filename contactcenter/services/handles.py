"""How a contact names its customer's side: an opaque text that routing carries and only the shell reads.

`phone|<source>|<call>`, `chat|<conversation>`, `mail|<conversation>`, `callback|<source>`.
"""

from __future__ import annotations

from hashlib import blake2b


def phone(source: str, call: str) -> str:
    return f"phone|{source}|{call}"


def conversation(medium: str, conversation_id: str) -> str:
    return f"{medium}|{conversation_id}"


def callback(source: str) -> str:
    return f"callback|{source}"


def dialled_call(contact: str) -> str:
    """The name of the call that we make for a contact; no platform names one of its own so."""
    return f"{contact}/call"


def dialled_contact(call: str) -> str:
    """The contact of a call that we made; '' for every other call, also for one that a platform ends in `/call`."""
    contact, slash, kind = call.rpartition("/")
    return contact if slash and kind == "call" and contact.startswith("ct_") else ""


def call_of(handle: str) -> tuple[str, str] | None:
    """(source, call) of a phone contact."""
    kind, _, rest = handle.partition("|")
    source, _, call = rest.partition("|")
    return (source, call) if kind == "phone" else None


def chat_of(handle: str) -> str:
    """The conversation of a chat contact; '' for the other media."""
    kind, _, rest = handle.partition("|")
    return rest if kind == "chat" else ""


def chat_conversation(site: str, session: str) -> str:
    """The id of a session's conversation: known before it exists, so that its page can listen first."""
    return f"cv_{blake2b(f'{site}|{session}'.encode(), digest_size=16).hexdigest()}"
