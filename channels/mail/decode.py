"""Bytes to text, whatever the label says. Pure, and nothing here raises.

The label of a mail is a claim, not a fact: Chinese mail says gb2312 and means GBK, says iso-8859-1 and means
GB2312, says gb2312 and means UTF-8. So the order is: UTF-8 where the bytes are plainly that, Chinese where
a Western label hides it, then the label, then a guess; a replacement character is the last resort.
PostgreSQL's text holds neither NUL nor a lone surrogate, so `scrub` ends every path.
"""

from __future__ import annotations

import binascii
import codecs
import re

import charset_normalizer

SAMPLE = 16_384
"""How much is looked at to guess: more costs time and does not change the answer."""

_GB = {"gb2312", "gb_2312-80", "gb_2312", "csgb2312", "gbk", "x-gbk", "cp936", "ms936", "windows-936"}
_GB |= {"euc-cn", "euccn", "gb18030", "gb"}
_BIG5 = {"big5", "big-5", "x-x-big5", "big5-hkscs", "big5hkscs", "cp950", "ms950", "cn-big5"}
_LATIN = {"us-ascii", "ascii", "iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252"}
_OTHER = {
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "iso-8859-8-i": "iso8859-8",
    "cp-850": "cp850",
}
_KNOWN = _OTHER | dict.fromkeys(_GB, "gb18030") | dict.fromkeys(_BIG5, "big5hkscs") | dict.fromkeys(_LATIN, "cp1252")
_NOT_A_CHARSET = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
"""Python codecs that no mail means: some run code paths that take quadratic time."""
_SEVEN_BIT = {"utf-7", "hz", "iso2022_jp", "iso2022_jp_2", "iso2022_jp_1", "iso2022_jp_ext", "iso2022_kr"}
_WIDE = ("utf-16", "utf-32")
_MULTIBYTE = {"gb18030", "big5hkscs", "cp949", "cp932", "euc_jp", "johab", "utf-8"}

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ud800-\udfff]")
_LABEL = re.compile(r"[a-z0-9_:+-]{1,40}")
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x80-\xff]")
_CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
_NON_ASCII = re.compile("[^\x00-\x7f]")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))


def scrub(text: str) -> str:
    """Without NULs, other control characters, byte order marks and lone surrogates; tab and newlines stay."""
    return _UNSTORABLE.sub("", text)


def decode(data: bytes, label: str = "") -> str:
    """The text these bytes most probably mean; `label` is the charset that was declared, if any."""
    codec = codec_of(label)
    if data.isascii() and not _hides_in_ascii(codec):
        return scrub(data.decode("ascii"))
    text = _plainly(data, codec)
    if text is None:
        text = _by_label(data, codec) if codec else None
    if text is None:
        text = _guessed(data) or data.decode(codec or "utf-8", "replace")
    return scrub(text)


def codec_of(label: str) -> str:
    """The Python codec a charset label means here, or "" for one that nobody knows."""
    label = label.strip(" \t\r\n\"'").lower()
    if label in _KNOWN:
        return _KNOWN[label]
    if not _LABEL.fullmatch(label) or label.replace("_", "-") in _NOT_A_CHARSET:
        return ""
    try:
        "".encode(label)  # refuses what is no text encoding (zlib, rot13 ...)
        return _KNOWN.get(codecs.lookup(label).name, codecs.lookup(label).name)
    except Exception:
        return ""


def unbase64(data: bytes) -> bytes:
    """What can be read of base64 that may be cut, unpadded, or interspersed; the data itself if it is none."""
    solid = b"".join(data.split())
    end = solid.find(b"=")
    pads = 2 if solid[end : end + 2] == b"==" else 1
    if end > 0 and (end + pads) % 4 == 0:
        solid = solid[:end]  # padded as it should be: what follows is a mailing list's footer
    letters = solid.translate(None, _NOT_BASE64)
    if (len(solid) - len(letters)) * 10 > len(solid) + 10:
        return data
    body = letters[:-1] if len(letters) % 4 == 1 else letters
    try:
        return binascii.a2b_base64(body + b"=" * (-len(body) % 4))
    except binascii.Error:
        return data


def _hides_in_ascii(codec: str) -> bool:
    return codec in _SEVEN_BIT or codec.startswith(_WIDE)


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError):
        return None


def _plainly(data: bytes, codec: str) -> str | None:
    """UTF-8 or Chinese that the label does not admit. A single-byte label fits any bytes, so it proves nothing."""
    if _hides_in_ascii(codec):
        return None
    text = _strict(data, "utf-8")
    if text is not None and (codec not in _MULTIBYTE or codec == "utf-8" or _mostly_cjk(text)):
        return text
    if codec not in ("", "cp1252"):
        return None
    chinese = _chinese(data)
    return _strict(data, chinese) if chinese else None


def _by_label(data: bytes, codec: str) -> str | None:
    for name in (codec, "cp950") if codec == "big5hkscs" else (codec,):
        text = _strict(data, name)
        if text is not None:
            return text
    text = data.decode(codec, "replace")
    return text if text.count("\ufffd") <= 1 + len(text) // 50 else None


def _mostly_cjk(text: str) -> bool:
    """GBK that happens to be valid UTF-8 reads as Greek or Arabic; Chinese in UTF-8 reads as Chinese."""
    foreign = len(_NON_ASCII.findall(text))
    return len(_CJK.findall(text)) * 2 > foreign


def _chinese(data: bytes) -> str:
    """gb18030 or big5hkscs where the pairs of bytes are those of everyday characters, else ""."""
    pairs = _PAIR.findall(data[:SAMPLE])
    gb = sum(len(p) == 2 and p[1] >= 0xA1 and (0xA1 <= p[0] <= 0xA3 or 0xB0 <= p[0] <= 0xD7) for p in pairs)
    if gb * 10 >= len(pairs) * 8:
        return "gb18030"
    big5 = sum(len(p) == 2 and 0xA1 <= p[0] <= 0xC6 and not 0x7F <= p[1] <= 0xA0 for p in pairs)
    dense = len(pairs) * 2 * 3 >= len(b"".join(data[:SAMPLE].split()))
    return "big5hkscs" if len(pairs) >= 4 and dense and big5 * 10 >= len(pairs) * 8 else ""


def _guessed(data: bytes) -> str:
    try:
        matches = list(charset_normalizer.from_bytes(data[:SAMPLE]))
        western = [match for match in matches if match.encoding in ("cp1252", "latin_1")]
        if western and western[0].chaos <= matches[0].chaos:
            matches = western  # it prefers Eastern Europe's accents where both fit
        return data.decode(matches[0].encoding, "replace") if matches else ""
    except Exception:
        return ""
