"""`plugcli exec`: its options."""

from typing import Annotated

import typer

from plugcli.cli.command import Command
from plugcli.cli.exec.script import MEMORY, WALL_SECONDS, run_script
from plugcli.errors import UsageError


def exec_(
    script: Annotated[
        str | None,
        typer.Argument(metavar="SCRIPT", help="A Python file; - reads the code from standard input."),
    ] = None,
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="ARGS", help="Arguments for the script, in sys.argv.")
    ] = None,
    code: Annotated[
        str | None, typer.Option("-c", metavar="CODE", help="Run CODE instead of a file.")
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="Copy FILE into the working folder of the code (/mnt/data). Repeatable."
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Write the files that the code made or changed to FOLDER, which must be new or empty.",
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", show_default=f"{WALL_SECONDS:g}", help="The limit on wall time."),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            show_default=MEMORY,
            help="The limit on the memory of all processes and files together.",
        ),
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The interpreter or venv to use. [default: plugcli's own]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
    stdin: Annotated[
        bool,
        typer.Option(
            "--stdin", help="Pass standard input to the script even from a terminal, not only from a pipe."
        ),
    ] = False,
    session: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Run the code in this session of a running plugcli serve, which keeps variables and files between "
            "calls. The name new starts a new session.",
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="With --session: the address of plugcli serve. [default: the variable PLUGCLI_SERVER, else "
            "http://localhost:5003]",
        ),
    ] = None,
    token_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="With --session: a file with the server's token. Or set the variable PLUGCLI_TOKEN.",
        ),
    ] = None,
) -> None:
    """Run a Python script in the sandbox.

    Options go before SCRIPT; everything after it belongs to the script. The exit status is the script's own, 128+n after signal n,
    124 if it ran out of time, 137 if it ran out of memory, 125 if plugcli could not run it or write its files, and 2 for wrong usage.
    """
    if code is not None and script is not None:
        arguments, script = [script, *(arguments or [])], None
    if session is not None:
        from plugcli.cli.exec.remote import run_remote

        given = {
            "ARGS": arguments,
            "--memory": memory,
            "--python": python,
            "--stdin": stdin,
        }
        for name, value in given.items():
            if value:
                raise UsageError(
                    f"{name} cannot be combined with --session",
                    hint="the session's interpreter is already running, and the server set its memory and input",
                )
        status = run_remote(
            session,
            script,
            code=code,
            timeout=timeout,
            json=json,
            files=file or [],
            out=out,
            url=server,
            token_file=token_file,
        )
        raise typer.Exit(status)
    for name, value in (("--server", server), ("--token-file", token_file)):
        if value is not None:
            raise UsageError(
                f"{name} needs --session", hint="without --session, the code runs on this machine"
            )
    status = run_script(
        script,
        arguments or [],
        code=code,
        timeout=WALL_SECONDS if timeout is None else timeout,
        memory=memory or MEMORY,
        python=python,
        json=json,
        stdin=stdin,
        files=file or [],
        out=out,
    )
    raise typer.Exit(status)


# Everything after the script belongs to the script.
COMMAND = Command(exec_, settings={"allow_interspersed_args": False})
