"""`plugcli exec`: run code in the sandbox that `serve` uses, from the terminal."""

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
        list[str] | None, typer.Argument(metavar="ARGS", help="What the script finds in sys.argv.")
    ] = None,
    code: Annotated[
        str | None, typer.Option("-c", metavar="CODE", help="Run CODE instead of a file.")
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Bring FILE along, as /mnt/data/NAME. Repeatable."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER", help="Write the files that the code made or changed to FOLDER: new, or empty."
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", show_default=f"{WALL_SECONDS:g}", help="Wall time the code may take."
        ),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(metavar="SIZE", show_default=MEMORY, help="Memory of all its processes and files."),
    ] = None,
    python: Annotated[
        str | None, typer.Option(metavar="PATH", help="The interpreter, or a venv; default: plugcli's own.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the RunResult as one JSON object.")] = False,
    stdin: Annotated[
        bool,
        typer.Option("--stdin", help="Hand on standard input from a terminal too, not only from a pipe."),
    ] = False,
    session: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Run it in a session of a running plugcli serve, which keeps variables and files from call "
            "to call; new: a session of its own.",
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="With --session: where plugcli serve is; default: the variable PLUGCLI_SERVER, else "
            "http://localhost:5003.",
        ),
    ] = None,
    token_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="With --session: a file with the server's token; the variable PLUGCLI_TOKEN does the same.",
        ),
    ] = None,
) -> None:
    """Run a Python script in the sandbox.

    Options stand before SCRIPT; all that follows it is the script's. The exit status is the script's own, 128+n after signal n,
    124 when its time ran out, 137 when its memory did, 125 when plugcli could not run it or not write its files, 2 for wrong usage.
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
                    f"{name} does not go with --session",
                    hint="its interpreter is running already, with the memory and the input that its server gave it",
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
            raise UsageError(f"{name} goes with --session", hint="without --session the code runs here")
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


# What follows the script belongs to the script.
COMMAND = Command(exec_, settings={"allow_interspersed_args": False})
