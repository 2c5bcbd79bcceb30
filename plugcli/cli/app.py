"""The Typer application: the commands in the order of `--help`, and the boundary for every error."""

import errno
import sys
from typing import Annotated

import typer

from plugcli import __version__
from plugcli.cli import render
from plugcli.cli.doctor import doctor
from plugcli.cli.exec import exec_
from plugcli.cli.init import init
from plugcli.cli.serve import serve
from plugcli.cli.validate import validate
from plugcli.errors import PlugcliError

BUG = 70
INTERRUPTED = 130

app = typer.Typer(
    name="plugcli",
    help="Build plugins for chat models: start one, check it, serve it, and run a model's code in a sandbox.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help and usage errors: no boxes in a pipe
    pretty_exceptions_enable=False,  # its tracebacks print local variables, and those may hold a token
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init)
app.command("validate")(validate)
app.command("serve")(serve)
# What follows the script belongs to the script.
app.command("exec", context_settings={"allow_interspersed_args": False})(exec_)
app.command("doctor")(doctor)


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


def run() -> int:
    """Run the command named in `sys.argv`; return its exit status."""
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # here, where an output that cannot be written is a sentence
    except PlugcliError as error:
        render.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        render.stop_printing()
        return 0
    except OSError as problem:
        if problem.filename is not None or problem.errno not in (errno.ENOSPC, errno.EIO, errno.EDQUOT):
            render.bug(problem)
            return BUG
        full = render.unwritable(problem)
        render.error(full)
        return full.exit_code
    except Exception as problem:
        render.bug(problem)
        return BUG
    return 0
