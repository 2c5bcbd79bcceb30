"""`plugcli serve`: its options."""

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plugcli.cli import render
from plugcli.cli.command import Command
from plugcli.sandbox import gate
from plugcli.terminal_text import printable

if TYPE_CHECKING:
    from plugcli.serve.source import Source

BUILT_IN = "python"


def serve(
    folder: Annotated[
        Path | None,
        typer.Argument(
            show_default=False,
            help="The plugin's folder. [default: the plugin in the current directory, else the built-in one, "
            "which runs Python]",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen on. Any address except loopback needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 picks a free one.")] = 5003,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="Also allow pages of this origin, such as https://chat.example.com. Repeatable.",
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A file with the token that callers must send. Or set the variable PLUGCLI_TOKEN.",
        ),
    ] = None,
    answer_characters: Annotated[
        int, typer.Option(min=2_000, help="The limit on answers of /execute; chat hosts cut at 100,000.")
    ] = 100_000,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", show_default="30", help="The wall time of a run.")
    ] = None,
    timeout_max: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", show_default="60", help="The most that a call can ask for."),
    ] = None,
    memory: Annotated[
        str, typer.Option(metavar="SIZE", help="The memory of a run, including its files.")
    ] = "1GiB",
    workspace: Annotated[
        str, typer.Option(metavar="SIZE", help="The size of /mnt/data; at most half of the memory.")
    ] = "512MiB",
    output: Annotated[
        str, typer.Option(metavar="SIZE", help="The output to keep, of stdout and stderr each.")
    ] = "1MiB",
    processes: Annotated[int, typer.Option(metavar="N", help="Processes and threads per run.")] = 64,
    open_files: Annotated[int, typer.Option(metavar="N", help="Open files per process.")] = 256,
    cpus: Annotated[int, typer.Option(metavar="N", help="CPUs per run.")] = 2,
    jails: Annotated[
        int, typer.Option(metavar="N", help="Runs without a session at a time; more must wait.")
    ] = 32,
    stateless: Annotated[
        bool, typer.Option("--stateless", help="Keep no sessions: each call starts fresh, without files.")
    ] = False,
    sessions: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Sessions at a time; a new one replaces the one idle longest."),
    ] = 32,
    session_idle: Annotated[
        float, typer.Option(metavar="SECONDS", help="End a session after this time without use.")
    ] = 1200,
    session_life: Annotated[
        float, typer.Option(metavar="SECONDS", help="End a session after this time in any case.")
    ] = 14400,
    sessions_memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            show_default="half of the machine's",
            help="The memory of all sessions together, including their files.",
        ),
    ] = None,
    file_size: Annotated[
        str, typer.Option(metavar="SIZE", help="The largest size of an uploaded file.")
    ] = "100MiB",
    preload: Annotated[
        str,
        typer.Option(
            metavar="MODULES",
            help="Modules to import in advance, if installed, for sessions and for calls that name one of them; "
            "separated by commas, or none.",
        ),
    ] = "numpy,pandas,matplotlib",
    python: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The interpreter or venv for the code. [default: plugcli's own]"),
    ] = None,
) -> None:
    """Serve a plugin the way a chat host needs it.

    It serves the plugin's documents and its API. Code from a model runs only in the sandbox. Ctrl-C stops the server.
    """
    from plugcli.cli.serve.banner import banner
    from plugcli.serve.options import Options
    from plugcli.serve.server import serve as run
    from plugcli.serve.start import service_of

    options = Options(
        folder=folder,
        host=host,
        port=port,
        allow_origin=allow_origin or (),
        token_file=token_file,
        answer_characters=answer_characters,
        timeout=timeout,
        timeout_max=timeout_max,
        memory=memory,
        workspace=workspace,
        output=output,
        processes=processes,
        open_files=open_files,
        cpus=cpus,
        jails=jails,
        stateless=stateless,
        sessions=sessions,
        session_idle=session_idle,
        session_life=session_life,
        sessions_memory=sessions_memory,
        file_size=file_size,
        preload=preload,
        python=python,
    )
    with service_of(options, os.environ, _built_in) as service:
        run(service, when_listening=lambda status: _say(banner(options, service, status)), log=_log)


def _built_in() -> "Source":
    """Return the built-in plugin, which runs Python."""
    from plugcli.scaffold import render, templates
    from plugcli.serve.source import memory_source

    return memory_source(render(templates()[BUILT_IN], {}), f"templates/{BUILT_IN}")


def _say(lines: list[str]) -> None:
    """Print the first lines. A reader that has gone (`| head -1`) does not stop the server."""
    try:
        for line in lines:
            print(printable(line), flush=True)
    except BrokenPipeError:
        render.stop_printing()


def _log(line: str) -> None:
    """Print a line of the server's log on standard error. A log that can no longer be written does not stop the server.

    The further lines of a traceback are indented, so that none of them looks like a log line.
    """
    if sys.stderr is None:  # started with `2>&-`; print would use standard output instead
        return
    with contextlib.suppress(OSError):
        print(time.strftime("%H:%M:%S"), gate.lines(line).replace("\n", "\n  "), file=sys.stderr, flush=True)


COMMAND = Command(serve)
