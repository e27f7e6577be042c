"""Where a webhook may go: the public internet by https, unless the installation allows more.

A subscriber names an address, and our own network must not be reachable through it (server-side request forgery):
loopback, private and link-local networks, metadata services, multicast. An IPv6 address that carries an IPv4 one
is judged by what it carries. Pure: names are resolved by the sender, which asks here about every result.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

LONGEST: Final = 2048
_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


def problem_of(url: str, *, private: bool = False) -> str:
    """Why nothing is sent to this URL; '' when it may be. `private` allows http and addresses of our own network."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it is not a URL"
    if len(url) > LONGEST or any(sign.isspace() or not sign.isprintable() for sign in url):
        return "it is not a URL"
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        return "it must be https://host/..."
    if parts.scheme == "http" and not private:
        return "it must be https"
    if parts.username is not None or parts.password is not None:
        return "it must not hold a name or password"
    literal = _literal(parts.hostname)
    if literal is not None and not private and not is_public(literal):
        return f"{literal} is no public address"
    return ""


def is_public(address: str) -> bool:
    """Whether a resolved address (text) belongs to the public internet."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        inner = _carried(found)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def _carried(address: IPv6Address) -> IPv4Address | None:
    if any(address in network for network in _NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _literal(host: str) -> str | None:
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        return None
