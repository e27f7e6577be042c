"""Raw bytes to `MailArrived`. Pure, and it never raises: what is broken is read as far as it can be.

Three readings, each simpler than the one before: the whole tree; the head and the rest as one text (trees too
deep or too many); and the bytes as text. The raw mail is kept beside the result, so nothing is lost by any.
"""

from __future__ import annotations

import hashlib
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser

from channels.mail import headers, parts, text
from channels.mail.decode import decode, scrub
from channels.port import MailArrived

MOST_PARTS = 100
"""Declared boundaries beyond which the tree is not read: each costs a look at every line below it."""
LONGEST_ID = 400


def parse(raw: bytes, *, mailbox: str, envelope_from: str | None = None) -> MailArrived:
    """Read a mail for one mailbox. `envelope_from` is what the peer said in MAIL FROM, if known."""
    for read in (_tree, _flat):
        try:
            return _arrived(read(raw), raw=raw, mailbox=mailbox, envelope_from=envelope_from)
        except Exception:
            continue
    return MailArrived(
        source=mailbox,
        external_id=fingerprint(raw),
        mailbox=mailbox,
        sender=headers.clean(envelope_from or "", headers.ADDRESS),
        text=text.plain(decode(raw[: 8 * text.TEXT])),
        raw=raw,
    )


def fingerprint(raw: bytes) -> str:
    """The id of a mail that brought none."""
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _tree(raw: bytes) -> Message[str, str]:
    if raw.lower().count(b"boundary=") > MOST_PARTS:
        raise ValueError("too many parts")
    return BytesParser(policy=policy.compat32).parsebytes(raw)


def _flat(raw: bytes) -> Message[str, str]:
    message = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
    if message.get_content_maintype() not in ("text", "multipart"):
        del message["content-type"]
    return message


def _arrived(message: Message[str, str], *, raw: bytes, mailbox: str, envelope_from: str | None) -> MailArrived:
    charset = parts.first_charset(message)
    subject = headers.clean(headers.words(headers.value(message, "subject"), charset), headers.SUBJECT)
    sender, sender_name = headers.person(message, charset)
    message_id = headers.message_id(message)
    null_sender = envelope_from in ("", "<>") or headers.null_return_path(message)
    machine = headers.automatic(message, subject=subject, sender=sender, null_sender=null_sender)
    body, attachments = parts.read(message)
    return MailArrived(
        source=mailbox,
        external_id=message_id if 0 < len(message_id) <= LONGEST_ID else fingerprint(raw),
        occurred_at=headers.sent_at(message),
        mailbox=mailbox,
        sender=sender or headers.clean((envelope_from or "").strip("<>"), headers.ADDRESS),
        sender_name=sender_name,
        subject=subject,
        text=scrub(body),
        message_id=message_id[:LONGEST_ID],
        references=headers.references(message),
        attachments=attachments,
        language=text.language_of(f"{subject}\n{body}"),
        automatic=machine,
        raw=raw,
    )
