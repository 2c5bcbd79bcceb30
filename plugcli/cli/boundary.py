"""The only place where errors become exit codes. Does not use typer."""

import errno
import sys
from collections.abc import Callable

from plugcli.cli import render
from plugcli.errors import PlugcliError

BUG = 70
INTERRUPTED = 130


def guarded(work: Callable[[], int | None]) -> int:
    """Run a command; return its exit status, or the exit status of the error that ended it."""
    try:
        try:
            status = work()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # here, so that output that cannot be written is reported in a sentence
    except PlugcliError as error:
        render.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        render.stop_printing()
        return 0
    except OSError as problem:
        if problem.filename is not None or problem.errno not in (errno.ENOSPC, errno.EIO, errno.EDQUOT):
            render.bug(problem)
            return BUG
        full = render.unwritable(problem)
        render.error(full)
        return full.exit_code
    except Exception as problem:
        render.bug(problem)
        return BUG
    return status or 0
