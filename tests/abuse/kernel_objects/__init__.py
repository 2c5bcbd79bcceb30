"""The table of what code in a jail can make or hold in the kernel: who counts it, what bounds it, and an attack that uses it up.

One row is one test at each level, as root and as an ordinary user, with a control outside: test_kernel_objects.py.
"""

from . import files, mappings, sockets
from .row import LEVELS, MIB, PROLOGUE, Bounded, Denied, Killed, Level, Outcome, Row, TakenBack

__all__ = [
    "LEVELS",
    "MIB",
    "PROLOGUE",
    "ROWS",
    "Bounded",
    "Denied",
    "Killed",
    "Level",
    "Outcome",
    "Row",
    "TakenBack",
]

ROWS: dict[str, Row] = {row.id: row for row in (*mappings.ROWS, *sockets.ROWS, *files.ROWS)}
