"""HTML to what a person reads, and which language that is."""

from __future__ import annotations

import pytest

from channels.mail.text import TEXT, from_html, language_of, plain


def test_scripts_styles_and_comments_are_not_read() -> None:
    html = "<style>p{}</style><p>您好</p><script>alert(1)</script><!-- no --><title>t</title><p>再见</p>"
    assert from_html(html) == "您好\n\n再见"


def test_breaks_are_kept_and_source_lines_are_not() -> None:
    assert from_html("<div>one\n two<br>three</div><div>four</div>") == "one two\nthree\nfour"


def test_a_link_keeps_where_it_leads() -> None:
    assert from_html('see <a href="https://konka.test/a">this</a>') == "see this (https://konka.test/a)"
    assert from_html('<a href="mailto:a@b.test">a@b.test</a>') == "a@b.test"
    assert from_html('<a href="javascript:x()">press</a>') == "press"


def test_lists_and_tables_keep_their_lines() -> None:
    assert from_html("<ul><li>a</li><li>b</li></ul>") == "- a\n- b"
    assert from_html("<table><tr><td>型号</td><td>LED55</td></tr><tr><td>数量</td></tr></table>") == "型号 LED55\n数量"


def test_entities_and_hard_spaces_are_read() -> None:
    assert from_html("a&nbsp;&amp;&#20320; 5 < 6 and 7 > 6") == "a &你 5 < 6 and 7 > 6"


def test_words_own_instructions_are_not_shown() -> None:
    assert from_html("<?xml:namespace prefix = o /><html><body><o:p>好</o:p></body></html>") == "好"
    assert from_html('<?xml version="1.0"?><div>好</div>') == "好"


def test_what_looks_like_a_file_or_an_address_is_text() -> None:
    assert from_html("https://konka.test/manual.html") == "https://konka.test/manual.html"


@pytest.mark.parametrize(
    "seed", ["<a ", "<!--", "<![CDATA[", "</", '<a b="', "<div>", "<a href=http://x>", "<pre>", "&#x"]
)
def test_hostile_html_takes_linear_time(seed: str) -> None:
    """Without the guard 40,000 characters of an unclosed tag take 20 seconds."""
    assert isinstance(from_html(seed * (30_000 // len(seed))), str)


def test_plain_text_keeps_its_spacing() -> None:
    assert plain("\r\n  您好\r\n    indented\r\r\n") == "  您好\n    indented"


def test_text_is_bounded() -> None:
    assert len(plain("好" * (TEXT + 5))) == TEXT


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("您好，我的电视机坏了，请派人维修", "zh-CN"),
        ("您好，我的電視機壞了，請派人維修", "zh-TW"),
        ("我部電視機壞咗，你哋幾時嚟整？", "yue"),
        ("请问 LED55 的 HDMI 接口在哪里", "zh-CN"),
        ("My television is broken, please send somebody.", "en"),
        ("Der Fernseher ist kaputt, bitte schicken Sie jemanden.", ""),
        ("テレビが壊れました。修理をお願いします。", ""),
        ("> 引用的中文内容\nPlease answer me.", "en"),
        ("12345 !!", ""),
        ("", ""),
    ],
)
def test_the_language_is_recognised(text: str, language: str) -> None:
    assert language_of(text) == language
