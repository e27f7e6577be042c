"""What operations, configuration and tokens say and hear; see `api.shapes` for the conventions."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from contactcenter.api.shapes import In, Limit, Name, Out, Short
from contactcenter.services.supervision import AgentLine


class Health(Out, frozen=True, kw_only=True):
    status: str
    at: str


class Readiness(Out, frozen=True, kw_only=True):
    """`ready` and each thing it depends on: true, false or a word."""

    ready: bool
    checks: dict[str, Any]


class DayQuery(In, frozen=True, kw_only=True):
    """`date` in the provider's time zone; empty is today."""

    date: Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""


class AgentList(Out, frozen=True, kw_only=True):
    agents: tuple[AgentLine, ...]


class ConfigurationOut(Out, frozen=True, kw_only=True):
    """The document in force. Its ETag is the version, for If-Match."""

    provider: str
    version: int
    document: dict[str, Any]


class ConfigurationQuery(In, frozen=True, kw_only=True):
    dry_run: bool = False


class NewToken(In, frozen=True, kw_only=True):
    """`client` confines a token to one client; needed for kind client. `days` 0: until it is revoked."""

    kind: Annotated[str, Meta(pattern="^(agent|supervisor|operator|client|platform)$")]
    subject: Name
    client: Short = ""
    days: Annotated[int, Meta(ge=0, le=3650)] = 0


class IssuedToken(Out, frozen=True, kw_only=True):
    """Shown this once; only its hash is kept."""

    token: str
    kind: str
    subject: str
    client: str
    expires_at: str


class RevokedTokens(Out, frozen=True, kw_only=True):
    subject: str
    revoked: int


class TextsOut(Out, frozen=True, kw_only=True):
    """The labels of the pages, one flat map of keys."""

    language: str
    texts: dict[str, str]


class KeptMail(Out, frozen=True, kw_only=True):
    """A reply that was kept as a file because no relay is configured."""

    id: str
    client: str
    contact: str
    at: str
    to: str
    subject: str
    text: str


class KeptMails(Out, frozen=True, kw_only=True):
    mails: tuple[KeptMail, ...]


class KeptQuery(In, frozen=True, kw_only=True):
    limit: Limit = 50
