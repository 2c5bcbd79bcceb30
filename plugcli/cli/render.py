"""What the terminal shows, and whether it is coloured."""

import contextlib
import os
import sys
from typing import TextIO

from plugcli import __version__
from plugcli.cli.text import printable
from plugcli.errors import PlugcliError
from plugcli.sandbox import gate


def is_coloured(stream: TextIO | None) -> bool:
    """Whether to colour `stream`: NO_COLOR and FORCE_COLOR decide, else only a terminal is coloured."""
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def error(problem: PlugcliError) -> None:
    """Print what went wrong and what to do about it on standard error."""
    red, dim, off = ("\x1b[1;31m", "\x1b[2m", "\x1b[0m") if is_coloured(sys.stderr) else ("", "", "")
    tell(f"{red}error:{off} {printable(problem.message)}")
    if problem.hint:
        tell(f"{dim}  hint:{off} {printable(problem.hint)}")


def print_json(value: object) -> None:
    """Print `value` as JSON in ASCII, so that nothing in it can reach the terminal raw."""
    print(gate.json_text(value, indent=2))


def stop_printing() -> None:
    """Send what is still to be printed nowhere: the reader (head, less) has gone, and Python would try again at exit."""
    if sys.stdout is not None:
        _send_nowhere(sys.stdout)


def note(text: str) -> None:
    """Print a remark of plugcli's own on standard error, apart from what the code printed there."""
    dim, off = ("\x1b[2m", "\x1b[0m") if is_coloured(sys.stderr) else ("", "")
    tell(f"{dim}plugcli: {printable(text)}{off}")


def unwritable(problem: OSError) -> PlugcliError:
    """Stop printing; return the error for an output that takes nothing more: a full disk, for instance."""
    stop_printing()
    return PlugcliError(f"the output cannot be written: {problem.strerror}", hint="is the disk full?")


def bug(problem: Exception) -> None:
    """Print a traceback of plugcli itself, and say that it is one."""
    import traceback  # here: it takes half as long as Python's own start

    for line in "".join(traceback.format_exception(problem)).rstrip().split("\n"):
        tell(printable(line))
    error(
        PlugcliError(
            f"this is a bug in plugcli {__version__}, not in your plugin",
            hint="please report the lines above; SECURITY.md says how if they hold something secret",
        )
    )


def tell(text: str) -> None:
    """Print a line on standard error. One that our caller has closed, or that takes nothing more, changes no exit status."""
    if sys.stderr is not None:  # print would take standard output instead
        try:
            print(text, file=sys.stderr)
            sys.stderr.flush()
        except OSError:  # else Python tries again at exit, and that changes the status
            with contextlib.suppress(OSError, ValueError):
                _send_nowhere(sys.stderr)


def _send_nowhere(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
