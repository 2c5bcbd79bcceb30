"""`plugcli exec`: run code in the sandbox that `serve` uses, from the terminal."""

from typing import Annotated

import typer

from plugcli.cli.script import MEMORY, WALL_SECONDS, run_script


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
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="Wall time the code may take.")
    ] = WALL_SECONDS,
    memory: Annotated[
        str, typer.Option(metavar="SIZE", help="Memory of all its processes and files.")
    ] = MEMORY,
    python: Annotated[
        str | None, typer.Option(metavar="PATH", help="The interpreter, or a venv; default: plugcli's own.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the RunResult as one JSON object.")] = False,
    stdin: Annotated[
        bool,
        typer.Option("--stdin", help="Hand on standard input from a terminal too, not only from a pipe."),
    ] = False,
) -> None:
    """Run a Python script in the sandbox.

    Options stand before SCRIPT; all that follows it is the script's. The exit status is the script's own, 128+n after signal n,
    124 when its time ran out, 137 when its memory did, 125 when plugcli could not run it, 2 for wrong usage.
    """
    if code is not None and script is not None:
        arguments, script = [script, *(arguments or [])], None
    status = run_script(
        script,
        arguments or [],
        code=code,
        timeout=timeout,
        memory=memory,
        python=python,
        json=json,
        stdin=stdin,
    )
    raise typer.Exit(status)
