"""Refusals as values: a stable code and parameters, no HTTP and no text for people.

Each package derives its own errors from one of the kinds below; `teleconsult.web.problems` maps a kind to a status
and a code to a sentence in the reader's language.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal that the product foresaw. `params` feed the sentence shown and the machine-readable body."""

    code: ClassVar[str] = "error"

    def __init__(self, **params: Any) -> None:
        super().__init__(self.code)
        self.params = params

    def __str__(self) -> str:
        return self.code


class NotFound(DomainError):
    code = "not_found"


class Unauthenticated(DomainError):
    code = "unauthenticated"


class Forbidden(DomainError):
    code = "forbidden"


class Conflict(DomainError):
    code = "conflict"


class Expired(DomainError):
    code = "expired"


class Invalid(DomainError):
    """Input that cannot be understood; `errors` is a list of {field, code, message}."""

    code = "invalid"


class TooManyRequests(DomainError):
    """`retry_after` is in seconds."""

    code = "too_many_requests"


class Unavailable(DomainError):
    code = "unavailable"
