"""Errors of the sandbox as HTTP refusals."""

from plugcli.errors import PlugcliError
from plugcli.respond import Refusal
from plugcli.sandbox import Busy, FileRefused

RETRY_SECONDS = 1
_STATUS = {
    "name": 422,
    "missing": 404,
    "conflict": 409,
    "busy": 409,
    "too_large": 413,
    "too_many": 413,
    "full": 413,
}


def refusal_of(error: PlugcliError, *, when_busy: int = 429) -> Refusal:
    """Return the refusal for `error`. `when_busy` is its status if a later try may succeed."""
    if isinstance(error, FileRefused):
        return Refusal(_STATUS[error.kind], error.message, error.hint)
    if isinstance(error, Busy):
        return busy(error.message, error.hint, status=when_busy)
    return Refusal(500, error.message, error.hint)


def busy(error: str, hint: str, *, status: int = 429) -> Refusal:
    """Return the refusal of a request that may succeed a moment later."""
    return Refusal(status, error, hint, headers=[(b"retry-after", b"%d" % RETRY_SECONDS)])
