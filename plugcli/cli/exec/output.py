"""The output of sandboxed code, on its way to the user's terminal, file or pipe."""

import contextlib
import sys
from typing import Literal

from plugcli.cli.exec.terminal import Harmless
from plugcli.cli.render import unwritable


class Output:
    """Prints what sandboxed code writes, as it comes: as it is to a file or a pipe, made harmless to a terminal."""

    def __init__(self) -> None:
        streams = {"stdout": sys.stdout, "stderr": sys.stderr}
        # One that our caller has closed (`>&-`) is None.
        self._streams = {name: stream for name, stream in streams.items() if stream is not None}
        self._filters = {name: Harmless() for name, stream in self._streams.items() if stream.isatty()}

    def write(self, name: Literal["stdout", "stderr"], data: bytes) -> None:
        """Print `data` on the stream `name`. Raises BrokenPipeError, and PlugcliError when it cannot be written."""
        if name not in self._streams:
            return
        if name in self._filters:
            data = self._filters[name].pass_on(data)
        try:
            self._streams[name].buffer.write(data)
            self._streams[name].buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as problem:
            raise unwritable(problem) from problem

    def finish(self) -> None:
        """Print what was held back."""
        with contextlib.suppress(OSError):
            for name, filter_ in self._filters.items():
                self._streams[name].buffer.write(filter_.finish())
                self._streams[name].buffer.flush()
