"""A subscriber's address must not lead into our own network, however it is written."""

from __future__ import annotations

import pytest

from channels.webhook.address import is_public, problem_of


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/",
        "https:///hook",
        "https://user:secret@example.com/",
        "https://exa mple.com/",
        "https://example.com:99999/",
        "https://127.0.0.1/",
        "https://10.0.0.8/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:192.168.1.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fe80::1%25eth0]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://example.com/" + "x" * 2048,
    ],
)
def test_nothing_is_sent_to_what_is_inside_or_no_address(url: str) -> None:
    assert problem_of(url)


@pytest.mark.parametrize(
    "url", ["https://example.com/hook?x=1", "https://93.184.216.34:8443/", "https://[2606:2800::1]/"]
)
def test_the_public_internet_by_https_is_fine(url: str) -> None:
    assert problem_of(url) == ""


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/hook", "http://crm.internal/", "https://10.0.0.8/"])
def test_an_installation_may_allow_its_own_network(url: str) -> None:
    assert problem_of(url, private=True) == ""
    assert problem_of("https://user:secret@10.0.0.8/", private=True)


def test_a_resolved_address_is_judged_by_what_it_carries() -> None:
    assert is_public("8.8.8.8")
    assert is_public("::ffff:8.8.8.8")
    assert not is_public("::ffff:10.0.0.1")
    assert not is_public("2002:7f00:1::")
    assert not is_public("not an address")
