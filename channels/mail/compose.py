"""`SendMail` to a message on the wire. Pure: the instant of the Date is an argument.

Header lines are written here and pass the standard library verbatim, because its folding cuts ids longer than
a line into encoded words (Exchange's are 85 characters, and the thread would be lost), drops spaces from long
names, and decodes encoded words that somebody typed, line breaks included. Nothing that a customer or an agent
wrote can add a header: every text is one clean line first, addresses and ids are checked.
"""

from __future__ import annotations

import datetime as dt
import re
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime

from channels.mail.decode import scrub
from channels.mail.headers import ADDRESS, SUBJECT, clean
from channels.port import Refused, SendMail

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_LANGUAGE = re.compile(r"[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,5}")
_ADDRESS = re.compile(r"[^\s<>\"(),:;\\\[\]@\x00-\x1f\x7f]+@[^\s<>\"(),:;\\\[\]@\x00-\x1f\x7f]+")
_DOMAIN = re.compile(r"[A-Za-z0-9_.-]+")
_LONGEST_PLAIN = 900


class _Verbatim(policy.EmailPolicy):
    """Takes our header lines as they are; those that the body brings are ASCII and short."""

    def header_store_parse(self, name: str, value: object) -> tuple[str, str]:
        return name, str(value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}\r\n".encode()


_POLICY = _Verbatim(linesep="\r\n", cte_type="7bit")


def compose(mail: SendMail, *, now: int) -> EmailMessage:
    """The message to send; raises Refused for what can never be sent (an address that is none, a bad id)."""
    if not _ID.fullmatch(mail.message_id):
        raise Refused("the Message-ID is not one")
    message = EmailMessage(policy=_POLICY)
    message["From"] = _person(clean(mail.sender_name, ADDRESS), address(mail.sender))
    message["To"] = f"<{address(mail.to)}>"
    message["Subject"] = _encoded(clean(mail.subject, SUBJECT), "Subject")
    message["Date"] = format_datetime(_EPOCH + dt.timedelta(microseconds=now))
    message["Message-ID"] = mail.message_id
    _thread(message, mail)
    _marks(message, mail)
    message.set_content(scrub(mail.text), charset="utf-8")
    return message


def address(text: str) -> str:
    """An address that is safe in a header and on SMTP's line; an international domain in its ASCII form."""
    text = text.strip()
    if not _ADDRESS.fullmatch(text) or len(text) > ADDRESS or scrub(text) != text:
        raise Refused(f"not a mail address: {clean(text, 80)}")
    local, _, domain = text.partition("@")
    try:
        known = domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise Refused(f"not a mail address: its domain is {clean(domain, 80)}") from error
    if not _DOMAIN.fullmatch(known):  # the preparation of names turns some signs into spaces
        raise Refused(f"not a mail address: its domain is {clean(domain, 80)}")
    return f"{local}@{known}"


def _person(name: str, checked: str) -> str:
    if not name:
        return f"<{checked}>"
    written = _encoded(name, "From")
    if written == name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        written = f'"{quoted}"'
    return f"{written}\r\n <{checked}>"


def _encoded(line: str, header: str) -> str:
    """A clean line as it is, or as encoded words of at most 75 characters, folded."""
    if line.isascii() and "=?" not in line and len(line) <= _LONGEST_PLAIN:
        return line
    return Header(line, "utf-8", header_name=header).encode(linesep="\r\n")


def _thread(message: EmailMessage, mail: SendMail) -> None:
    """In-Reply-To and References; an id of somebody's own making is left out rather than repaired."""
    chain = [found for found in mail.references if _ID.fullmatch(found)]
    if _ID.fullmatch(mail.in_reply_to):
        message["In-Reply-To"] = mail.in_reply_to
        chain.append(mail.in_reply_to)
    if chain:
        message["References"] = "\r\n ".join(dict.fromkeys(chain))


def _marks(message: EmailMessage, mail: SendMail) -> None:
    """What keeps other machines from answering ours (RFC 3834; Exchange has its own header)."""
    if mail.automatic:
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
    if _LANGUAGE.fullmatch(mail.language):
        message["Content-Language"] = mail.language
