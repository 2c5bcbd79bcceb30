"""A cache for what is computed from a document: it is kept on the document and freed with it.

A cache in a module would keep documents alive after their owner has dropped them. If it were bounded, a server with several plugins
would evict what it needs again for the next call.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from plugcli.document import Document

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def remembered(compute: Callable[[Document, *Ts], T]) -> Callable[[Document, *Ts], T]:
    """Decorate a function of a document, so that it runs once for each document and arguments.

    The arguments after the document must be hashable, and are passed by position. Callers must not change the value. Nothing is
    evicted while the document lives, so the arguments must come from a small set.
    """

    @wraps(compute)
    def recall(document: Document, *arguments: *Ts) -> T:
        known = document._memo
        key = (compute, arguments)
        try:
            return known[key]  # type: ignore[no-any-return]
        except KeyError:
            value = known[key] = compute(document, *arguments)
            return value

    return recall
