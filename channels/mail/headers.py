"""What the head of a mail says: words, people, ids, time, and whether a machine wrote it. Pure.

Values are strings in which bytes above 127 are surrogates (as the standard parser keeps them), so every byte
a sender wrote is still there; `words` turns them into text. RFC 2047 words are joined before decoding:
many mailers cut a two-byte character in half at the end of a word.
"""

from __future__ import annotations

import binascii
import datetime as dt
import re
from collections.abc import Iterable
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from channels.mail.decode import decode, scrub, unbase64

LONGEST = 32_768
"""Characters of one header that are looked at."""
SUBJECT = 998
ADDRESS = 320
IDS = 100

_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]*)\?=")
_UNREAD = re.compile("[\udc80-\udcff]")
_LINE_BREAKING = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
_ID = re.compile(r"<[^<>\s]{1,500}>")
_ADDRESS = re.compile(r"(?:\"[^\"\r\n]{1,64}\"|[^\s<>@\"(),:;\[\]]{1,128})@[^\s<>@\"(),:;]{1,255}")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_AWAY = re.compile(r"自动回[复覆]|自動回[覆復]|auto(matic)?[ -]?(reply|response)\s*:|out of (the )?office", re.I)
_MACHINES = ("mailer-daemon@", "postmaster@", "mailerdaemon@")


def values(message: Message[str, str], name: str) -> list[str]:
    """Every value of a header as it was sent, unfolded."""
    found = [str(value) for key, value in message.raw_items() if key.lower() == name]
    return [value[:LONGEST].replace("\r", "").replace("\n", "") for value in found]


def value(message: Message[str, str], name: str) -> str:
    """The first non-empty value of a header, or ""."""
    return next((found for found in values(message, name) if found.strip()), "")


def clean(text: str, limit: int) -> str:
    """One line that can be stored and shown: no control characters, no surrogates, not longer than `limit`."""
    return scrub(_LINE_BREAKING.sub(" ", text)).strip()[:limit].strip()


def words(raw: str, charset: str = "") -> str:
    """A header's text: encoded words decoded, bare 8-bit bytes read by `charset` (the body's) or by guess."""
    out: list[str] = []
    run: list[bytes] = []
    end, label = 0, ""
    for match in _WORD.finditer(raw):
        gap = raw[end : match.start()]
        if run and (gap.strip() or match[1].lower() != label):
            out.append(decode(b"".join(run), label))
            run = []
        if gap.strip() or end == 0:
            out.append(_bare(gap, charset))
        run.append(_word(match[2], match[3]))
        end, label = match.end(), match[1].lower()
    if run:
        out.append(decode(b"".join(run), label))
    return "".join(out) + _bare(raw[end:], charset)


def person(message: Message[str, str], charset: str = "") -> tuple[str, str]:
    """Address and name of who wrote it, from the first header that names somebody."""
    for name in ("from", "reply-to", "sender", "return-path"):
        for raw in values(message, name):
            address, spoken = _person(raw[:4096], charset)
            if address:
                return clean(address, ADDRESS), clean(spoken, ADDRESS)
    return "", clean(words(value(message, "from")[:4096], charset), ADDRESS)


def message_id(message: Message[str, str]) -> str:
    """The Message-ID with its angle brackets; "" when there is none to speak of."""
    raw = value(message, "message-id")
    found = _ID.search(raw)
    return clean(words(found[0] if found else raw), LONGEST) if raw.strip(" \t<>") else ""


def references(message: Message[str, str]) -> tuple[str, ...]:
    """The ids this mail answers, oldest first, each once; of very long threads the first and the latest."""
    raw = " ".join(values(message, "references") + values(message, "in-reply-to"))
    ids = list(dict.fromkeys(clean(words(found), LONGEST) for found in _ID.findall(raw)))
    return tuple(ids if len(ids) <= IDS else ids[:1] + ids[1 - IDS :])


def sent_at(message: Message[str, str]) -> int:
    """The sender's clock in microseconds, 0 where the Date cannot be read."""
    try:
        moment = parsedate_to_datetime(value(message, "date"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        return max(0, (moment - _EPOCH) // dt.timedelta(microseconds=1))
    except Exception:
        return 0


def automatic(message: Message[str, str], *, subject: str, sender: str, null_sender: bool) -> str:
    """ "bounce", "auto_reply", "list" or "" (RFC 3834, RFC 3464, RFC 2919, and what older machines do)."""
    kind = _report(message)
    if kind or sender.lower().startswith(_MACHINES):
        return kind or "bounce"
    if _answered_by_machine(message) or _AWAY.match(subject):
        return "auto_reply"
    if _from_list(message):
        return "list"
    return "bounce" if null_sender else ""


def null_return_path(message: Message[str, str]) -> bool:
    """Whether a relay recorded the empty envelope sender that bounces have."""
    return any(found.strip() == "<>" for found in values(message, "return-path"))


def _bare(text: str, charset: str) -> str:
    if not _UNREAD.search(text):
        return text
    return decode(text.encode("utf-8", "surrogateescape"), charset)


def _word(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if encoding in "bB":
        return unbase64(data)
    return binascii.a2b_qp(data, header=True)


def _person(raw: str, charset: str) -> tuple[str, str]:
    for text in (_bare(raw, charset), words(raw, charset)):
        for name, address in _pairs(text):
            if _ADDRESS.fullmatch(address):
                return address, words(name, charset)
    found = _ADDRESS.search(_bare(raw, charset))
    return (found[0], "") if found else ("", "")


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    try:
        return getaddresses([text])
    except Exception:  # comments nested a thousand deep
        return []


def _report(message: Message[str, str]) -> str:
    kinds = {part.get_content_type() for part in message.walk()}
    if "message/delivery-status" in kinds or "message/global-delivery-status" in kinds:
        return "bounce"
    declared = value(message, "content-type").lower()
    if declared.startswith("multipart/report") and "delivery-status" in declared:
        return "bounce"
    return "auto_reply" if "message/disposition-notification" in kinds else ""


def _answered_by_machine(message: Message[str, str]) -> bool:
    submitted = value(message, "auto-submitted").strip().lower()
    return (
        bool(submitted and not submitted.startswith("no"))
        or value(message, "precedence").strip().lower() in ("auto_reply", "auto-reply")
        or any(value(message, name) for name in ("x-autoreply", "x-autorespond", "x-auto-reply-from"))
    )


def _from_list(message: Message[str, str]) -> bool:
    precedence = value(message, "precedence").strip().lower()
    named = any(value(message, name) for name in ("list-id", "list-post", "list-unsubscribe"))
    return named or precedence in ("list", "bulk", "junk")
