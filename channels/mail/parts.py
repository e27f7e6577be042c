"""The tree of a mail: which parts a person reads, and which are attached. Pure.

Of an alternative the plain text wins, then the last part that says anything; of everything else each part
is kept in order, so that a list's footer does not hide the letter above it.
"""

from __future__ import annotations

import re
from email.message import Message
from typing import TypeAlias

from channels.mail.decode import decode, unbase64
from channels.mail.headers import clean, value, words
from channels.mail.text import HTML, TEXT, from_html, plain
from channels.port import Attachment

DEEPEST = 60
"""Multiparts within multiparts that are read as a tree; a person's mail has four."""
ATTACHMENTS = 1_000
NAME = 255

_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")
_META_CHARSET = re.compile(rb"<meta[^<>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_:-]{1,40})", re.I)


def read(message: Message[str, str]) -> tuple[str, tuple[Attachment, ...]]:
    """The text of the mail and what is attached. A forwarded mail is read only where nothing else was written."""
    texts, files, nested = _split(message, 0)
    text = _joined(texts)
    if not text and nested:
        text = read_nested(nested[0])
    return text, tuple(files[:ATTACHMENTS])


def read_nested(message: Message[str, str]) -> str:
    """The text of a mail inside this one, one level down."""
    texts, _files, _nested = _split(message, DEEPEST // 2)
    return _joined(texts)


def charset_of(part: Message[str, str]) -> str:
    """The declared charset, whatever shape the parameter has."""
    try:
        found = part.get_param("charset", "")
    except Exception:
        return ""
    return str(found[2] if isinstance(found, tuple) else found or "")


def first_charset(message: Message[str, str]) -> str:
    """The charset of the first part that declares one: the best hint for bare 8-bit headers."""
    return next((found for part in message.walk() if (found := charset_of(part))), "")


def content(part: Message[str, str]) -> bytes:
    """The decoded bytes of a leaf."""
    encoding = value(part, "content-transfer-encoding").strip().lower()
    if encoding == "base64":
        del part["content-transfer-encoding"]
    try:
        data = part.get_payload(decode=True)
    except Exception:
        data = str(part.get_payload()).encode("utf-8", "surrogateescape")
    found = data if isinstance(data, bytes) else b""
    return unbase64(found) if encoding == "base64" else found


_Split: TypeAlias = "tuple[list[str], list[Attachment], list[Message[str, str]]]"


def _split(part: Message[str, str], depth: int) -> _Split:
    """Texts, attachments and mails inside a part."""
    children = part.get_payload()
    if isinstance(children, list):
        return _branch(part, [child for child in children if isinstance(child, Message)], depth)
    if _is_text(part, root=depth == 0):
        return [_text(part)], [], []
    return [], [_attachment(part, len(content(part)))], []


def _branch(part: Message[str, str], children: list[Message[str, str]], depth: int) -> _Split:
    if part.get_content_maintype() == "message":
        return [], [_attachment(part, _size(part))], children[:1]
    if depth >= DEEPEST:
        raise ValueError("parts nest deeper than anybody writes")
    splits = [_split(child, depth + 1) for child in children]
    files = [file for split in splits for file in split[1]]
    nested = [mail for split in splits for mail in split[2]]
    texts = [_joined(split[0]) for split in splits]
    if part.get_content_subtype() == "alternative":
        texts = [_chosen(children, texts)]
    return texts, files, nested


def _chosen(children: list[Message[str, str]], texts: list[str]) -> str:
    said = [(child.get_content_type(), text) for child, text in zip(children, texts, strict=True) if text]
    plainly = [text for kind, text in said if kind == "text/plain"]
    return plainly[0] if plainly else said[-1][1] if said else ""


def _joined(texts: list[str]) -> str:
    return "\n\n".join(text for text in texts if text)[:TEXT].rstrip()


def _is_text(part: Message[str, str], *, root: bool) -> bool:
    kind = part.get_content_type()
    if kind.startswith("multipart/"):
        return True  # its boundaries are broken, so its source is all there is to read
    if kind not in ("text/plain", "text/html", "text/enriched"):
        return False
    disposition = value(part, "content-disposition").strip().lower()
    return root or not (disposition.startswith("attachment") or _name(part))


def _text(part: Message[str, str]) -> str:
    data, charset = content(part), charset_of(part)
    if part.get_content_type() != "text/html":
        return plain(decode(data[: 8 * TEXT], charset))
    declared = None if charset else _META_CHARSET.search(data[:4096])
    return from_html(decode(data[: 8 * HTML], declared[1].decode("ascii") if declared else charset))


def _attachment(part: Message[str, str], size: int) -> Attachment:
    kind = part.get_content_type()
    known = _TYPE.fullmatch(kind)
    return Attachment(name=_name(part), content_type=kind if known else "application/octet-stream", size=size)


def _name(part: Message[str, str]) -> str:
    """The file's name without its folders; encoded words are not allowed here, and common."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        try:
            found = part.get_param(parameter, None, header)
        except Exception:
            continue
        if isinstance(found, tuple):
            found = decode(str(found[2]).encode("latin-1", "ignore"), found[0] or "utf-8")
        if found:
            return clean(re.split(r"[/\\]", words(str(found)))[-1], NAME)
    return ""


def _size(part: Message[str, str]) -> int:
    try:
        return sum(len(child.as_bytes()) for child in part.get_payload() if isinstance(child, Message))
    except Exception:
        return 0
