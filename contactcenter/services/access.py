"""Who is at the door, and whose rows he may see (decisions row 22, I7, C18).

Tokens carry 256 bits of chance, so a plain SHA-256 is the right hash: slow hashing protects guessable
passwords, nobody guesses 2^256, and a slow hash on every resume of 10,000 sockets would be an outage. Nothing
secret is ever compared: the hash is looked up, and who sends a wrong token learns nothing from the time taken.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from contactcenter.clock import SECOND, Clock, Ids, Micros
from contactcenter.errors import Forbidden, Invalid, Unauthorized
from contactcenter.services.gathering import Gathering
from contactcenter.services.ports import AccessStore
from contactcenter.services.views import Principal, Scope

KINDS: Final = frozenset({"agent", "supervisor", "operator", "client", "platform"})
MAX_TOKEN: Final = 512
"""Characters; longer ones are refused unread."""
ClientOfAgent = Callable[[str, str], str]
"""(provider, agent) -> the client of the lease the agent sits on now, '' for none: the Directory's answer."""


class Access:
    """Issues, recognises and revokes bearer tokens; remembers a recognised one for `ttl` (5 s at most).

    A revoked token therefore works for up to five seconds in another process, at once no more in this one.
    """

    def __init__(
        self,
        store: AccessStore,
        clock: Clock,
        ids: Ids,
        *,
        client_of_agent: ClientOfAgent,
        ttl: Micros = 5 * SECOND,
        remembered: int = 20_000,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._client_of_agent = client_of_agent
        self._ttl = min(ttl, 5 * SECOND)
        self._remembered = remembered
        self._known: OrderedDict[bytes, tuple[Principal, Micros]] = OrderedDict()
        self._asking: Gathering[bytes, Principal] = Gathering(self._stored)

    async def _stored(self, token_hashes: Sequence[bytes]) -> dict[bytes, Principal]:
        return await self._store.principals(token_hashes, self._clock.now())

    async def issue(
        self, kind: str, provider: str, subject: str, *, client: str = "", expires_at: Micros | None = None
    ) -> str:
        """A new token, shown this once; only its hash is stored. Raises Invalid for a kind or reach that is wrong."""
        _check_reach(kind, subject, client)
        token = self._ids.token()
        principal = Principal(kind=kind, provider=provider, subject=subject, client=client, expires_at=expires_at)
        await self._store.add_token(_hash(token), principal, self._clock.now())
        return token

    async def revoke(self, provider: str, subject: str) -> int:
        """All tokens of a subject; how many there were."""
        revoked = await self._store.revoke_subject(provider, subject, self._clock.now())
        gone = [key for key, (who, _) in self._known.items() if (who.provider, who.subject) == (provider, subject)]
        for key in gone:
            del self._known[key]
        return revoked

    async def principal(self, token: str) -> Principal:
        """Raises Unauthorized for a token that is missing, malformed, unknown, expired or revoked."""
        if not token or len(token) > MAX_TOKEN:
            raise Unauthorized()
        key, now = _hash(token), self._clock.now()
        who = self._recall(key, now)
        if who is None:
            who = await self._asking.get(key)
            if who is not None:
                self._remember(key, who, now)
        if who is None or (who.expires_at is not None and who.expires_at <= now):
            raise Unauthorized()
        return who

    def scope_of(self, who: Principal) -> Scope:
        """Whose rows: a client's own, an agent's while he is seated (I7), else the provider's.

        Raises Forbidden for an agent without a seat in force, and for a platform, which reads nothing.
        """
        if who.kind == "platform":
            raise Forbidden("a platform reads nothing")
        if who.kind == "client":
            return Scope(who.provider, _named(who.client))
        if who.kind == "agent":
            return Scope(who.provider, _named(self._client_of_agent(who.provider, who.subject)))
        return Scope(who.provider, who.client)

    def _recall(self, key: bytes, now: Micros) -> Principal | None:
        who, until = self._known.get(key, (None, 0))
        if who is not None and now >= until:
            del self._known[key]
            return None
        return who

    def _remember(self, key: bytes, who: Principal, now: Micros) -> None:
        self._known[key] = (who, now + self._ttl)
        while len(self._known) > self._remembered:
            self._known.popitem(last=False)


def signing(secrets: str | Sequence[str], salt: str, clock: Clock) -> URLSafeTimedSerializer:
    """Signs with the last secret and takes all of them, on our clock. Raises Invalid `visitor_secret`."""
    given = [secrets] if isinstance(secrets, str) else list(secrets)
    if not given or any(len(secret) < 16 for secret in given):
        raise Invalid("a secret for visitor tokens has at least 16 characters", field="visitor_secret")
    return URLSafeTimedSerializer(
        given,
        salt=salt,
        signer=_ClockedSigner,
        signer_kwargs={"clock": clock, "digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )


class VisitorTokens:
    """Signed, stateless tokens of chat visitors: site and session, good for `max_age_s`.

    Several secrets allow rotation: the last one signs, all of them verify.
    """

    def __init__(self, secrets: str | Sequence[str], clock: Clock, *, max_age_s: int = 24 * 3600) -> None:
        self._max_age_s = max_age_s
        self._serializer = signing(secrets, "contactcenter.visitor.v1", clock)

    def sign(self, site: str, session: str) -> str:
        return str(self._serializer.dumps([site, session]))

    def verify(self, token: str) -> tuple[str, str]:
        """(site, session). Raises Unauthorized; `code` visitor_token_expired tells the page to ask for a new one."""
        if not token or len(token) > MAX_TOKEN:
            raise Unauthorized(code="visitor_token")
        try:
            site, session = self._serializer.loads(token, max_age=self._max_age_s)
        except SignatureExpired:
            raise Unauthorized("this visitor's session is over", code="visitor_token_expired") from None
        except BadSignature:
            raise Unauthorized(code="visitor_token") from None
        return str(site), str(session)


class _ClockedSigner(TimestampSigner):
    """The library's signer on our clock, so that expiry is tested without waiting."""

    def __init__(self, *args: Any, clock: Clock, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clock = clock

    def get_timestamp(self) -> int:
        """Whole seconds."""
        return self._clock.now() // SECOND


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _named(client: str) -> str:
    """'' would open the whole provider: who must be confined and names no client sees nothing."""
    if not client:
        raise Forbidden("no seat of a client is in force", code="no_seat")
    return client


def _check_reach(kind: str, subject: str, client: str) -> None:
    if kind not in KINDS:
        raise Invalid(f"kind is one of {', '.join(sorted(KINDS))}", field="kind")
    if not subject:
        raise Invalid("a token names whom it is for", field="subject")
    if kind == "client" and not client:
        raise Invalid("a client's token names its client", field="client")
