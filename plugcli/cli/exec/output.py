"""Prints the output of sandboxed code."""

import contextlib
import sys
from typing import Literal

from plugcli.cli.exec.terminal import Harmless
from plugcli.cli.render import unwritable


class Output:
    """Prints the output of sandboxed code as it arrives: unchanged to a file or pipe, made harmless for a terminal."""

    def __init__(self) -> None:
        streams = {"stdout": sys.stdout, "stderr": sys.stderr}
        # A stream that our caller has closed (`>&-`) is None.
        self._streams = {name: stream for name, stream in streams.items() if stream is not None}
        self._filters = {name: Harmless() for name, stream in self._streams.items() if stream.isatty()}

    def write(self, name: Literal["stdout", "stderr"], data: bytes) -> None:
        """Print `data` on the stream `name`. Raises BrokenPipeError, and PlugcliError if it cannot be written."""
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
        """Print the bytes that were held back."""
        with contextlib.suppress(OSError):
            for name, filter_ in self._filters.items():
                self._streams[name].buffer.write(filter_.finish())
                self._streams[name].buffer.flush()
