"""The error tree: whose fault, which stable code, what to reply.

    ContactCenterError
    ├── Invalid        the request is wrong           422   names the field
    ├── Unauthorized   no or wrong credentials        401
    ├── Forbidden      known, but not allowed         403
    ├── NotFound       no such thing for this caller  404
    ├── Conflict       the state does not allow it    409
    ├── TooLarge       more than this door takes      413
    ├── Busy           try again later                503   with Retry-After
    └── Misconfigured  settings are wrong             refuses to start

Codes are part of the API and are never renamed. The docstring of a class is its default message.
"""

from __future__ import annotations


class ContactCenterError(Exception):
    """Something went wrong."""

    code = "internal"
    status = 500

    def __init__(self, message: str = "", *, code: str = "", field: str = "", **details: object) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        if code:
            self.code = code
        self.field = field
        self.details = details


class Invalid(ContactCenterError):
    """The request is not valid."""

    code, status = "invalid", 422


class Unauthorized(ContactCenterError):
    """Credentials are missing or wrong."""

    code, status = "unauthorized", 401


class Forbidden(ContactCenterError):
    """These credentials do not allow this."""

    code, status = "forbidden", 403


class NotFound(ContactCenterError):
    """There is no such thing here."""

    code, status = "not_found", 404


class Conflict(ContactCenterError):
    """The present state does not allow this."""

    code, status = "conflict", 409


class TooLarge(ContactCenterError):
    """This is larger than the door takes."""

    code, status = "too_large", 413


class Busy(ContactCenterError):
    """The service is busy; try again."""

    code, status = "busy", 503


class Misconfigured(ContactCenterError):
    """A setting is wrong."""

    code, status = "misconfigured", 500


class LeaseLost(ContactCenterError):
    """This router no longer owns its domain; nothing it decided since then was written."""

    code = "lease_lost"


class StaleWrite(ContactCenterError):
    """A row changed since it was read; read again and decide again."""

    code = "stale_write"
