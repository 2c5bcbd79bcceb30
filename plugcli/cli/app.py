"""The Typer application: the commands in the order of `--help`."""

from typing import Annotated

import typer
from typer.core import TyperGroup

from plugcli import __version__
from plugcli.cli.doctor import doctor
from plugcli.cli.exec.command import exec_
from plugcli.cli.hosts import hosts
from plugcli.cli.init import init
from plugcli.cli.prompt import prompt
from plugcli.cli.render import stop_printing
from plugcli.cli.rules import explain, rules
from plugcli.cli.schema import schema
from plugcli.cli.serve import serve
from plugcli.cli.validate.command import validate


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
app.command("init")(init)
app.command("validate")(validate)
app.command("serve")(serve)
# Everything after the script belongs to the script.
app.command("exec", context_settings={"allow_interspersed_args": False})(exec_)
app.command("prompt")(prompt)
app.command("doctor")(doctor)
app.command("hosts")(hosts)
app.command("rules")(rules)
app.command("explain")(explain)
app.command("schema")(schema)


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
