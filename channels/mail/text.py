"""What a person reads: HTML to text, tidy lines, and which language it is. Pure."""

from __future__ import annotations

import html as entities
import re

from bs4 import BeautifulSoup
from bs4.element import CData, NavigableString, PreformattedString, Tag

from channels.mail.decode import scrub

TEXT = 1 << 20
"""Characters of text that are kept; the raw mail keeps the rest."""
HTML = 1 << 19
"""Characters of HTML that are read: about three seconds of work when all of it is tags."""

_DROPPED = {"script", "style", "head", "title", "template", "noscript", "object", "iframe", "svg", "select"}
_LINES = {"address", "article", "aside", "caption", "center", "dd", "div", "dl", "dt", "fieldset", "figure"}
_LINES |= {"footer", "form", "header", "hr", "li", "main", "nav", "ol", "section", "table", "tbody", "tfoot"}
_LINES |= {"thead", "tr", "ul"}
_PARAGRAPHS = {"p", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
_NO_TAG = re.compile(r"<(?![a-zA-Z/!?][^<>]*>)")
_INSTRUCTION = re.compile(r"<\?[^<>]*>")
_TAG = re.compile(r"<[^<>]*>")
_SPACES = re.compile(r"[ \t\f\v\xa0]+")
_EDGE, _GAP = "\x01", "\x02"
_EDGES = re.compile("[\x01\x02](?:[ \x01\x02]*[\x01\x02])?")
_EMPTY_LINES = re.compile(r"\n{3,}")

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA_OR_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
_CANTONESE = re.compile("[嘅喺咗冇嚟啲嗰哋嘢咁噉佢唔乜嘥攞瞓]")
_TRADITIONAL = re.compile("[們個來時會說這國學對發過後還麼沒問題為產機電話請謝務買賣開關係處應見訂單貨壞]")
_SIMPLIFIED = re.compile("[们个来时会说这国学对发过后还么没问题为产机电话请谢务买卖开关系处应见订单货坏]")
_ENGLISH = re.compile(r"\b(the|and|is|are|you|your|my|i|please|not|with|for|this|was|have|of|to|it)\b", re.I)
_WORDS = re.compile(r"[A-Za-z]+")
_FOREIGN = re.compile("[\u00c0-\u024f\u0370-\u1fff]")


def from_html(markup: str) -> str:
    """Scripts and styles dropped, breaks and the addresses of links kept. Falls back to cutting tags out."""
    markup = _defused(markup[:HTML])
    if "<" not in markup:
        return tidy(entities.unescape(markup))
    try:
        return tidy(_broken("".join(_pieces(BeautifulSoup(markup, "html.parser")))))
    except Exception:
        return tidy(entities.unescape(_TAG.sub(" ", markup)))


def tidy(text: str) -> str:
    """Unix lines without trailing blanks, at most one empty line in a row, bounded."""
    lines = (_SPACES.sub(" ", line).strip() for line in plain(text).split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def plain(text: str) -> str:
    """Text that was plain already: Unix lines, storable, bounded; its spacing is the writer's."""
    text = scrub(text[: 2 * TEXT].replace("\r\n", "\n").replace("\r", "\n"))
    return text.strip("\n")[:TEXT].rstrip()


def language_of(text: str) -> str:
    """ "zh-CN", "zh-TW", "yue", "en" or "": a cheap rule for routing, to be overruled by what is known."""
    text = "\n".join(line for line in text[:8_000].split("\n") if not line.startswith(">"))[:4_000]
    han, words = len(_HAN.findall(text)), len(_WORDS.findall(text))
    if _KANA_OR_HANGUL.search(text) and len(_KANA_OR_HANGUL.findall(text)) * 5 > han:
        return ""
    if han and han * 4 >= words:
        return _chinese(text, han)
    english = len(_ENGLISH.findall(text))
    foreign = len(_FOREIGN.findall(text))
    return "en" if english and english * 12 >= words and foreign * 20 <= words else ""


def _chinese(text: str, han: int) -> str:
    if len(_CANTONESE.findall(text)) * 40 >= han:
        return "yue"
    return "zh-TW" if len(_TRADITIONAL.findall(text)) > len(_SIMPLIFIED.findall(text)) else "zh-CN"


def _defused(markup: str) -> str:
    """Every "<" left begins a tag that ends: the parser takes quadratic time over tags that do not."""
    kept: list[str] = []
    at = 0
    while (start := markup.find("<!--", at)) >= 0:
        kept.append(markup[at:start])
        end = markup.find("-->", start + 4)
        at = end + 3 if end >= 0 else len(markup)
    kept.append(markup[at:])
    return _NO_TAG.sub("&lt;", _INSTRUCTION.sub("", "".join(kept)))


def _broken(text: str) -> str:
    """Edges that meet are one line break, or one empty line."""
    return _EDGES.sub(lambda found: "\n\n" if _GAP in found[0] else "\n", text)


def _pieces(soup: BeautifulSoup) -> list[str]:
    """Depth first without recursion: mails nest deeper than Python's stack. A bare str is a closing mark."""
    out: list[str] = []
    todo: list[object] = [soup]
    while todo:
        node = todo.pop()
        if isinstance(node, Tag):
            _open(node, out, todo)
        elif isinstance(node, NavigableString):
            if not isinstance(node, PreformattedString) or isinstance(node, CData):
                out.append(str(node).replace("\n", " ").replace("\r", " "))
        elif isinstance(node, str):
            out.append(node)
    return out


def _open(tag: Tag, out: list[str], todo: list[object]) -> None:
    name = tag.name.lower()
    if name in _DROPPED:
        return
    if name == "pre":
        out.append(_GAP + tag.get_text() + _GAP)
        return
    if name == "br":
        out.append("\n")
        return
    edge = _GAP if name in _PARAGRAPHS else _EDGE if name in _LINES else ""
    out.append(edge + ("- " if name == "li" else ""))
    todo.append(" " if name in ("td", "th") else edge)
    todo.append(_address(tag) if name == "a" else "")
    todo.extend(reversed(tag.contents))


def _address(link: Tag) -> str:
    """Where a link leads, unless its text says so already."""
    href = str(link.get("href") or "").strip()
    target = href.removeprefix("mailto:").rstrip("/")
    said = "".join(child for child in link.contents if isinstance(child, NavigableString))
    if not href.lower().startswith(("http://", "https://", "mailto:", "tel:")):
        return ""
    return "" if target in said else f" ({target})"
