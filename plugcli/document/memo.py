"""What has been worked out from a document is kept on the document, and goes when the document goes.

A cache of a module's own would keep documents alive after their owner let go of them, and would forget what a server with
several plugins needs again at once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from plugcli.document import Document

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def remembered(work_out: Callable[[Document, *Ts], T]) -> Callable[[Document, *Ts], T]:
    """Decorate a function of a document: for the same document and arguments it works out its value once.

    The arguments after the document are hashable and given by position; the value is not to be changed by callers. Nothing is
    ever forgotten while the document lives, so the arguments must come from a small set.
    """

    @wraps(work_out)
    def recall(document: Document, *arguments: *Ts) -> T:
        known = document._memo
        key = (work_out, arguments)
        try:
            return known[key]  # type: ignore[no-any-return]
        except KeyError:
            value = known[key] = work_out(document, *arguments)
            return value

    return recall
