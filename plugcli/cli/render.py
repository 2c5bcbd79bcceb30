"""Messages of plugcli on the terminal, and whether they are coloured."""

import contextlib
import os
import sys
from typing import TextIO

from plugcli import __version__
from plugcli.errors import PlugcliError
from plugcli.sandbox import gate
from plugcli.terminal_text import printable


def is_coloured(stream: TextIO | None) -> bool:
    """Whether to colour `stream`. NO_COLOR and FORCE_COLOR decide; without them, only terminals are coloured."""
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def error(problem: PlugcliError) -> None:
    """Print what went wrong, and what to do about it, on standard error."""
    red, dim, off = ("\x1b[1;31m", "\x1b[2m", "\x1b[0m") if is_coloured(sys.stderr) else ("", "", "")
    tell(f"{red}error:{off} {printable(problem.message)}")
    if problem.hint:
        tell(f"{dim}  hint:{off} {printable(problem.hint)}")


def print_json(value: object) -> None:
    """Print `value` as JSON in ASCII, so that nothing in it reaches the terminal raw."""
    print(gate.json_text(value, indent=2))


def stop_printing() -> None:
    """Discard all further output: the reader (head, less) has gone, and Python would try to write again at exit."""
    if sys.stdout is not None:
        _send_nowhere(sys.stdout)


def note(text: str) -> None:
    """Print a remark of plugcli on standard error, marked so that it differs from the output of the code."""
    dim, off = ("\x1b[2m", "\x1b[0m") if is_coloured(sys.stderr) else ("", "")
    tell(f"{dim}plugcli: {printable(text)}{off}")


def unwritable(problem: OSError) -> PlugcliError:
    """Stop printing; return the error for output that can no longer be written, for example because the disk is full."""
    stop_printing()
    return PlugcliError(f"the output cannot be written: {problem.strerror}", hint="is the disk full?")


def bug(problem: Exception) -> None:
    """Print a traceback of plugcli, and say that it is a bug in plugcli."""
    import traceback  # here, because the import takes half as long as the start of Python

    for line in "".join(traceback.format_exception(problem)).rstrip().split("\n"):
        tell(printable(line))
    error(
        PlugcliError(
            f"this is a bug in plugcli {__version__}, not in your plugin",
            hint="please report the lines above; if they contain a secret, see SECURITY.md",
        )
    )


def tell(text: str) -> None:
    """Print a line on standard error. If standard error is closed or full, the exit status stays the same."""
    if sys.stderr is not None:  # otherwise print would use standard output
        try:
            print(text, file=sys.stderr)
            sys.stderr.flush()
        except OSError:  # otherwise Python tries again at exit, which changes the status
            with contextlib.suppress(OSError, ValueError):
                _send_nowhere(sys.stderr)


def _send_nowhere(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
