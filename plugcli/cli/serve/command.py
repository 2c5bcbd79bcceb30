"""`plugcli serve`: the plugin, served the way a chat host needs it."""

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
            help="The plugin's folder. Without it: the plugin in the current directory, else the built-in "
            "one, which runs Python.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen on. Any but a loopback address needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 5003,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="Pages of this origin may call too, such as https://chat.example.com. Repeatable.",
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A file with the token that calls must carry; the variable PLUGCLI_TOKEN does the same.",
        ),
    ] = None,
    answer_characters: Annotated[
        int, typer.Option(min=2_000, help="Answers of /execute stay shorter: chat hosts cut at 100,000.")
    ] = 100_000,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", show_default="30", help="Wall time of a run.")
    ] = None,
    timeout_max: Annotated[
        float | None, typer.Option(metavar="SECONDS", show_default="60", help="Most that a call may ask for.")
    ] = None,
    memory: Annotated[
        str, typer.Option(metavar="SIZE", help="Memory of a run, its files included.")
    ] = "1GiB",
    workspace: Annotated[
        str, typer.Option(metavar="SIZE", help="Files of a run in /mnt/data; at most half of its memory.")
    ] = "512MiB",
    output: Annotated[str, typer.Option(metavar="SIZE", help="Kept of stdout, and of stderr.")] = "1MiB",
    processes: Annotated[int, typer.Option(metavar="N", help="Processes and threads of a run.")] = 64,
    open_files: Annotated[int, typer.Option(metavar="N", help="Open files of a process.")] = 256,
    cpus: Annotated[int, typer.Option(metavar="N", help="CPUs of a run.")] = 2,
    jails: Annotated[
        int, typer.Option(metavar="N", help="Runs without a session at a time; others wait.")
    ] = 32,
    stateless: Annotated[
        bool, typer.Option("--stateless", help="Keep no sessions: each call starts afresh, without files.")
    ] = False,
    sessions: Annotated[
        int, typer.Option(min=1, metavar="N", help="Sessions at a time; the one idle longest makes room.")
    ] = 32,
    session_idle: Annotated[
        float, typer.Option(metavar="SECONDS", help="A session ends after so long without use.")
    ] = 1200,
    session_life: Annotated[
        float, typer.Option(metavar="SECONDS", help="A session ends after so long at the latest.")
    ] = 14400,
    sessions_memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            show_default="half of the machine's",
            help="Memory of all sessions together, their files included.",
        ),
    ] = None,
    file_size: Annotated[str, typer.Option(metavar="SIZE", help="Size of an uploaded file.")] = "100MiB",
    preload: Annotated[
        str,
        typer.Option(
            metavar="MODULES",
            help="Modules, with commas between, that sessions and calls that name one find imported already, "
            "where they are installed; or: none.",
        ),
    ] = "numpy,pandas,matplotlib",
    python: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The interpreter of the code, or a venv; default: plugcli's own."),
    ] = None,
) -> None:
    """Serve a plugin, its documents and its API, the way a chat host needs it.

    Code that a model sends runs in the sandbox, and only there. Ctrl-C stops it.
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
    """Return the plugin that runs Python."""
    from plugcli.scaffold import render, templates
    from plugcli.serve.source import memory_source

    return memory_source(render(templates()[BUILT_IN], {}), f"templates/{BUILT_IN}")


def _say(lines: list[str]) -> None:
    """Print the start's lines. A reader that has gone (`| head -1`) does not stop a server."""
    try:
        for line in lines:
            print(printable(line), flush=True)
    except BrokenPipeError:
        render.stop_printing()


def _log(line: str) -> None:
    """A line of the server's log on standard error; a log that nobody can read any more stops nothing.

    What more lines there are, of a traceback, stand back, so that none of them passes for a line of its own.
    """
    if sys.stderr is None:  # started with `2>&-`; print would take standard output instead
        return
    with contextlib.suppress(OSError):
        print(time.strftime("%H:%M:%S"), gate.lines(line).replace("\n", "\n  "), file=sys.stderr, flush=True)


COMMAND = Command(serve)
