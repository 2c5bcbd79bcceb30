"""A script run in the sandbox, from the terminal's side: its source, its streams, its exit status.

Apart from `exec.py` because it knows nothing of typer, whose import is a fifth of what a short script costs.
"""

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from plugcli.cli import render
from plugcli.errors import PlugcliError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from plugcli.sandbox import RunResult

NOT_RUN = 125
"""Exit status when plugcli could not run the code: never one that could be the code's own fault."""
READER_GONE = 128 + signal.SIGPIPE
"""Exit status when whoever read our output has gone, as in `plugcli exec ... | head -1`."""

WALL_SECONDS = 30.0
MEMORY = "1GiB"
_CODE_BYTES_MAX = 64 * 1024 * 1024


def run_script(
    script: str | None,
    arguments: list[str],
    *,
    code: str | None = None,
    timeout: float = WALL_SECONDS,
    memory: str = MEMORY,
    python: str | None = None,
    json: bool = False,
    stdin: bool = False,
) -> int:
    """Run `script` (a path, or - for standard input), or `code`; return the exit status. Raises UsageError."""
    try:
        source, name = _source(script, code)
        result = _run(
            source,
            name,
            arguments,
            timeout,
            memory,
            python,
            json=json,
            is_stdin_wanted=stdin,
            reads_code=script == "-",
        )
    except UsageError:
        raise
    except PlugcliError as error:
        render.error(error)
        return NOT_RUN
    except BrokenPipeError:
        render.stop_printing()
        return READER_GONE
    except Exception as problem:
        render.bug(problem)
        return NOT_RUN
    if json:
        import json as json_

        print(json_.dumps(result.as_json(), ensure_ascii=True))
    elif result.outcome not in ("ok", "error"):
        render.note(result.reason)
    for stream, left_out in result.truncated.items():
        if left_out and not json:
            render.note(f"{left_out} more bytes of {stream} are left out: the output limit")
    return result.returncode


def _source(script: str | None, code: str | None) -> tuple[bytes, str | None]:
    """Return the code, and the name of the file that it was read from."""
    if code is not None:
        return code.encode("utf-8", "surrogateescape"), None
    if script is None:
        raise UsageError(
            "there is nothing to run",
            hint="plugcli exec script.py, plugcli exec -c CODE, or plugcli exec - to read it",
        )
    if script == "-":
        return _limited(sys.stdin.buffer.read(_CODE_BYTES_MAX + 1), "standard input"), None
    path = Path(script)
    try:
        if not path.is_file():
            what = (
                "is a folder, not a script"
                if path.is_dir()
                else "is not a file"
                if path.exists()
                else "is not there"
            )
            raise PlugcliError(f"{script} {what}", hint="name a Python file, or give the code with -c")
        with path.open("rb") as file:
            return _limited(file.read(_CODE_BYTES_MAX + 1), script), path.name
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PlugcliError(
            f"{script} cannot be read: {reason}", hint="name a Python file that you may read"
        ) from error


def _limited(source: bytes, where: str) -> bytes:
    if len(source) > _CODE_BYTES_MAX:
        raise PlugcliError(f"{where} is larger than 64 MiB", hint="read large data from a file instead")
    return source


def _run(
    source: bytes,
    name: str | None,
    arguments: list[str],
    timeout: float,
    memory: str,
    python: str | None,
    *,
    json: bool,
    is_stdin_wanted: bool,
    reads_code: bool,
) -> "RunResult":
    import asyncio

    from plugcli.sandbox import Policy, Sandbox
    from plugcli.sandbox.policy import parse_bytes

    policy = Policy(
        wall_seconds=timeout, wall_seconds_max=timeout, memory_bytes=parse_bytes(memory), sessions=0
    )
    output = None if json else render.Output()
    # A terminal is handed on only when asked for: a script that reads what nobody types would wait for ever.
    feeds = sys.stdin is not None and not reads_code and (is_stdin_wanted or not sys.stdin.isatty())

    async def main() -> "RunResult":
        async with Sandbox(policy, python=python, spares=0) as sandbox:
            return await sandbox.run(
                source,
                name=name,
                arguments=arguments,
                stdin=_standard_input() if feeds else None,
                on_output=output.write if output else None,
            )

    try:
        return asyncio.run(main())
    finally:
        if output is not None:
            output.finish()


async def _standard_input() -> "AsyncIterator[bytes]":
    """Yield our standard input as it comes.

    The code gets a pipe, never the descriptor itself: through /proc/self/fd it could open the file behind it again, to write.
    """
    import asyncio
    import threading

    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue(maxsize=4)

    def read() -> None:
        try:
            while True:
                data = os.read(sys.stdin.fileno(), 65536)
                asyncio.run_coroutine_threadsafe(chunks.put(data), loop).result()
                if not data:
                    return
        except (RuntimeError, OSError, ValueError):
            return  # the run is over, or standard input is closed

    # A daemon: it may wait in read() for ever when the code does not want what the terminal has to say.
    threading.Thread(target=read, daemon=True).start()
    while data := await chunks.get():
        yield data
