"""Bytes to text: the label is a claim."""

from __future__ import annotations

import pytest

from channels.mail.decode import codec_of, decode, scrub, unbase64

SIMPLIFIED = "您好，我家的康佳电视机昨天晚上坏了，请尽快派师傅上门维修，谢谢。"
TRADITIONAL = "您好，我家的電視機昨天晚上壞了，請盡快派師傅上門維修，謝謝。"


@pytest.mark.parametrize("label", ["gb2312", "GB2312", '"gbk"', "gb_2312-80", "x-gbk", "cp936", "eucgb2312_cn"])
def test_every_chinese_label_reads_the_whole_of_gbk(label: str) -> None:
    assert decode("朱镕基和陶喆看电视".encode("gbk"), label) == "朱镕基和陶喆看电视"


def test_gb18030_reads_characters_of_four_bytes() -> None:
    assert decode("𠮷先生㐂".encode("gb18030"), "gb2312") == "𠮷先生㐂"


@pytest.mark.parametrize("label", ["big5", "Big5-HKSCS", "cp950", "x-x-big5"])
def test_big5_reads_under_each_of_its_names(label: str) -> None:
    assert decode(TRADITIONAL.encode("big5"), label) == TRADITIONAL


def test_hong_kong_characters_read_as_big5() -> None:
    assert decode("佢喺嗰度嘅嘢唔見咗".encode("big5hkscs"), "big5") == "佢喺嗰度嘅嘢唔見咗"


@pytest.mark.parametrize("label", ["gb2312", "gbk", "big5", "iso-8859-1", "us-ascii", "koi8-r", "nonsense", ""])
def test_utf8_is_read_as_utf8_whatever_the_label_says(label: str) -> None:
    assert decode(SIMPLIFIED.encode(), label) == SIMPLIFIED


@pytest.mark.parametrize("label", ["", "iso-8859-1", "us-ascii", "windows-1252", "x-unknown", "utf-8"])
def test_gbk_is_found_behind_a_label_that_hides_it(label: str) -> None:
    assert decode(SIMPLIFIED.encode("gbk"), label) == SIMPLIFIED


@pytest.mark.parametrize("label", ["", "iso-8859-1", "unknown-8bit"])
def test_big5_is_found_behind_a_label_that_hides_it(label: str) -> None:
    assert decode(TRADITIONAL.encode("big5"), label) == TRADITIONAL


def test_western_text_stays_western() -> None:
    text = "Ça va très bien, merci. Übergrößen für 20 € — señor Muñoz"
    assert decode(text.encode("cp1252"), "iso-8859-1") == text


def test_an_unlabelled_western_text_is_guessed() -> None:
    text = "Le téléviseur est cassé, réparez-le s'il vous plaît, très bientôt. " * 4
    assert decode(text.encode("latin-1")) == text


def test_one_broken_byte_costs_one_character() -> None:
    data = SIMPLIFIED.encode("gbk")
    broken = data[:20] + b"\xff" + data[20:]
    text = decode(broken, "gbk")
    assert text.startswith(SIMPLIFIED[:10])
    assert text.endswith(SIMPLIFIED[12:])


def test_short_gbk_that_is_valid_utf8_stays_gbk() -> None:
    data = bytes([0xC4, 0xA3, 0xD0, 0xB2])
    assert decode(data, "gbk") == data.decode("gbk")


def test_seven_bit_charsets_are_not_taken_for_ascii() -> None:
    assert decode("壊れた".encode("iso2022_jp"), "iso-2022-jp") == "壊れた"
    assert decode("电视".encode("hz"), "hz-gb-2312") in ("电视", "~{5gJS~}")
    assert decode("电视".encode("utf-16"), "utf-16") == "电视"


@pytest.mark.parametrize(
    "label", ["zlib", "rot13", "idna", "punycode", "raw_unicode_escape", "a\x00b", "x" * 99, "../x"]
)
def test_what_is_no_charset_is_no_codec(label: str) -> None:
    assert codec_of(label) == ""
    assert decode("好".encode(), label) == "好"


def test_nothing_unstorable_survives() -> None:
    assert scrub("a\x00b\ud800c\x1bd\ufeffe\tf\n") == "abcde\tf\n"
    assert decode(b"a\x00b") == "ab"
    assert decode(b"+2AA-", "utf-7") == ""


def test_base64_is_read_as_far_as_it_goes() -> None:
    assert unbase64(b"5oKo5aW9") == "您好".encode()
    assert unbase64(b"5oKo\r\n 5aW9!") == "您好".encode()
    assert unbase64(b"aGVsbG8") == b"hello"
    assert unbase64(b"aGVsb") == b"hel"
    assert unbase64(b"aGVsbG8=\r\n____\r\n") == b"hello"


def test_what_is_not_base64_is_left_as_it_is() -> None:
    data = "这不是编码过的正文，只是标错了。".encode("gbk")
    assert unbase64(data) == data
    assert unbase64(b"") == b""
