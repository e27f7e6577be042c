"""Whether a post comes from Twilio, by the validator of its own package.

Twilio signs the address that it asked for and the form; with a `bodySHA256` in the address the body's hash instead.
During a rotation a source has several auth tokens and any of them will do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from channels.port import BadSignature


class Verifier:
    """One source's; immutable."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """`tokens`: auth tokens, at least one. Raises ValueError."""
        if not tokens or not all(tokens):
            raise ValueError("a Twilio source needs its auth token")
        self._validators = [RequestValidator(token) for token in tokens]

    def verify(self, url: str, headers: Mapping[str, str], body: bytes, fields: Mapping[str, list[str]]) -> None:
        """Return when one of the tokens signed this. Raises BadSignature."""
        signature = headers.get(SIGNATURE_HEADER, "")
        if not signature or not signature.isascii():
            raise BadSignature(f"{SIGNATURE_HEADER} is missing")
        algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS_HEADER, ""))
        hashed = "bodySHA256" in parse_qs(urlsplit(url).query)
        text = body.decode("utf-8", "replace")
        fits = [_fits(one, url, signature, algorithm, text if hashed else None, fields) for one in self._validators]
        if not any(fits):
            raise BadSignature("no auth token of this source signed this address and form")


def _fits(
    validator: RequestValidator,
    url: str,
    signature: str,
    algorithm: str,
    hashed: str | None,
    fields: Mapping[str, list[str]],
) -> bool:
    """With a hash in the address the body must have it, whether or not the form is signed too."""
    if hashed is None:
        return bool(validator.validate(url, _Many(fields), signature, algorithm))
    if validator.validate(url, hashed, signature, algorithm):
        return True
    expected = parse_qs(urlsplit(url).query)["bodySHA256"][0]
    return validator.compute_hash(hashed) == expected and bool(
        validator.validate(url, _Many(fields), signature, algorithm)
    )


class _Many(dict[str, list[str]]):
    """A form whose fields may have several values, as the validator asks for them."""

    def getall(self, name: str) -> list[str]:
        return self[name]
