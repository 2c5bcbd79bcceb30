"""The Typer application.

Commands are found, not listed: `hosts.py` is `plugcli hosts`, and a command with more than one file is a folder with a `command.py`. Only
files that are not commands are listed.
"""

import importlib
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

import plugcli.cli
from plugcli import __version__
from plugcli.cli.command import Command
from plugcli.cli.render import stop_printing
from plugcli.extensions import load

SHARED = ("__init__", "app", "boundary", "command", "load", "quick", "render")
"""The files beside the commands that are not commands."""

FIRST = ("init", "validate", "serve", "exec", "prompt", "doctor", "hosts", "rules", "explain", "schema")
"""The commands that `--help` shows first, in this order; all others follow."""


def commands() -> dict[str, Command]:
    """Return every command by its name, in the order of `--help`. Raises TypeError for a file without a COMMAND."""
    here = Path(__file__).parent
    found = {}
    for path in here.iterdir():
        if path.suffix == ".py" and path.stem not in SHARED:
            found[path.stem] = load(plugcli.cli, path.stem, "COMMAND", Command)
        elif (path / "command.py").exists():
            folder = importlib.import_module(f"plugcli.cli.{path.name}")
            found[path.name] = load(folder, "command", "COMMAND", Command)
    return {
        name.replace("_", "-"): found[name]
        for name in sorted(found, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
    }


class _Commands(TyperGroup):
    """The commands. Exits with 0 when the reader of the output (head, less) leaves early, where Typer would exit with 1."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # typer keeps a copy of click to itself
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            stop_printing()
            raise typer.Exit from None


app = typer.Typer(
    name="plugcli",
    cls=_Commands,
    help="Build plugins for chat models: create one, check it, serve it, and run a model's code in a sandbox.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help and usage errors, without boxes
    pretty_exceptions_enable=False,  # Typer's tracebacks print local variables, which may hold a token
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _command in commands().items():
    app.command(_name, cls=_command.form, context_settings=dict(_command.settings))(_command.run)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"plugcli {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
