"""Runs a script in the sandbox of this machine: its source, its streams, its exit status.

Does not use typer, because importing it would take a fifth of the time of a short script.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from plugcli.cli import render
from plugcli.errors import PlugcliError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from plugcli.cli.exec.carry import CarriedFiles
    from plugcli.sandbox import Policy, RunResult
    from plugcli.sandbox.spawn import Spawned

NOT_RUN = 125
"""Exit status if plugcli could not run the code; it is never used for a failure of the code."""
READER_GONE = 128 + signal.SIGPIPE
"""Exit status if the reader of our output has gone, as in `plugcli exec ... | head -1`."""

WALL_SECONDS = 30.0
MEMORY = "1GiB"
_CODE_BYTES_MAX = 64 * 1024 * 1024


def run_script(
    script: str | None,
    arguments: Sequence[str],
    *,
    code: str | None = None,
    timeout: float = WALL_SECONDS,
    memory: str = MEMORY,
    python: str | None = None,
    json: bool = False,
    stdin: bool = False,
    files: Sequence[str] = (),
    out: str | None = None,
    spawned: "Spawned | None" = None,
) -> int:
    """Run `script` (a path, or - for standard input), or `code`; return the exit status. Raises UsageError.

    `spawned` is a launcher that was started before anything else. `files` are copied into the sandbox, and the files that the code
    made or changed are written to the folder `out`.
    """

    def work() -> int:
        source, name = read_source(script, code)
        policy = _policy(timeout, memory)
        # A terminal is passed on only if asked for: a script that reads from it would wait for ever if nobody types.
        feeds = sys.stdin is not None and script != "-" and (stdin or not sys.stdin.isatty())
        with contextlib.ExitStack() as stack:
            carried = None
            if files or out is not None:
                from plugcli.cli.exec.carry import CarriedFiles

                carried = stack.enter_context(CarriedFiles(files, out, name, policy))
            result = _run(source, name, arguments, policy, python, carried, spawned, json=json, feeds=feeds)
            _report(result, json=json)
            if carried:
                carried.finish(result)
            for line in carried.notes(is_brief=json) if carried else ():
                render.note(line)
        return result.returncode

    return held(work)


def held(work: Callable[[], int]) -> int:
    """Run `work`; return its exit status. An error of plugcli is printed and becomes exit status 125. Raises UsageError."""
    try:
        return work()
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


def read_source(script: str | None, code: str | None) -> tuple[bytes, str | None]:
    """Return the code and the name of its file; None for code that is not from a file."""
    if code is not None:
        return code.encode("utf-8", "surrogateescape"), None
    if script is None:
        raise UsageError(
            "there is no code to run",
            hint="use plugcli exec script.py, plugcli exec -c CODE, or plugcli exec - for standard input",
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
                else "does not exist"
            )
            raise PlugcliError(f"{script} {what}", hint="name a Python file, or pass the code with -c")
        with path.open("rb") as file:
            return _limited(file.read(_CODE_BYTES_MAX + 1), script), path.name
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PlugcliError(
            f"{script} cannot be read: {reason}", hint="name a Python file that you have permission to read"
        ) from error


def _limited(source: bytes, where: str) -> bytes:
    if len(source) > _CODE_BYTES_MAX:
        raise PlugcliError(
            f"{where} is larger than 64 MiB", hint="put large data into a file and read it from there"
        )
    return source


def _policy(timeout: float, memory: str) -> "Policy":
    from plugcli.sandbox import Policy
    from plugcli.sandbox.amounts import parse_bytes

    return Policy(
        wall_seconds=timeout,
        wall_seconds_max=timeout,
        memory_bytes=parse_bytes(memory),
        sessions=0,
        file_bytes=Policy.workspace_bytes,  # for the user's own files, the workspace is limit enough
    )


def _run(
    source: bytes,
    name: str | None,
    arguments: Sequence[str],
    policy: "Policy",
    python: str | None,
    carried: "CarriedFiles | None",
    spawned: "Spawned | None",
    *,
    json: bool,
    feeds: bool,
) -> "RunResult":
    from plugcli.sandbox import start

    setup = start.set_up(policy, python, has_spares=False)
    started = start.start(setup, spawned)  # its first jail starts while we import the rest
    import asyncio

    from plugcli.cli.exec.output import Output
    from plugcli.sandbox import Sandbox

    output = None if json else Output()

    async def main() -> "RunResult":
        async with Sandbox(policy, python=python, spares=0, ahead=(setup, started)) as sandbox:
            return await sandbox.run(
                source,
                name=name,
                arguments=arguments,
                stdin=_standard_input() if feeds else None,
                on_output=output.write if output else None,
                files=carried.incoming if carried else (),
                take_file=carried.take if carried else None,
            )

    try:
        return asyncio.run(main())
    finally:
        if output is not None:
            output.finish()


def _report(result: "RunResult", *, json: bool) -> None:
    """Print what the output of a run does not show."""
    if json:
        from plugcli.sandbox import gate

        print(gate.json_text(result.as_json()))
        return
    if result.outcome not in ("ok", "error"):
        render.note(result.reason)
    for stream in ("stdout", "stderr"):
        if left_out := result.truncated[stream]:
            render.note(f"{stream} exceeded the output limit: {left_out} more bytes were left out")


async def _standard_input() -> "AsyncIterator[bytes]":
    """Yield our standard input as it arrives.

    The code gets a pipe, never the descriptor itself: through /proc/self/fd it could reopen the file for writing.
    """
    import asyncio
    import threading
    from concurrent.futures import CancelledError

    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue(maxsize=4)

    def read() -> None:
        try:
            while True:
                data = os.read(sys.stdin.fileno(), 65536)
                asyncio.run_coroutine_threadsafe(chunks.put(data), loop).result()
                if not data:
                    return
        except (RuntimeError, OSError, ValueError, CancelledError):
            return  # the run is over, or standard input is closed

    # A daemon thread, because it may wait in read() for ever if the code does not read its input.
    threading.Thread(target=read, daemon=True).start()
    while data := await chunks.get():
        yield data
