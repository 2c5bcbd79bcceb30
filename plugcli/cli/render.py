"""What the terminal shows. The only file that imports rich, and only when something is coloured."""

import os
import sys
from typing import TextIO

from plugcli.errors import PlugcliError


def is_coloured(stream: TextIO) -> bool:
    """Whether to colour `stream`: NO_COLOR and FORCE_COLOR decide, else only a terminal is coloured."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def error(problem: PlugcliError) -> None:
    """Print what went wrong and what to do about it on standard error."""
    red, dim, off = ("\x1b[1;31m", "\x1b[2m", "\x1b[0m") if is_coloured(sys.stderr) else ("", "", "")
    print(f"{red}error:{off} {problem.message}", file=sys.stderr)
    if problem.hint:
        print(f"{dim}  hint:{off} {problem.hint}", file=sys.stderr)
