"""The entry point of the command `plugcli`.

Importing typer takes longer than starting Python, and some commands need a web framework or a validator. So every module below imports
those inside the function that uses them.
"""

import sys

from plugcli import __version__


def main() -> None:
    """Run the command line and exit with its status."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:  # before typer, whose import would take most of the time
        print(f"plugcli {__version__}")
        return
    if arguments[:1] == ["exec"] and len(arguments) > 1 and not arguments[1].startswith("-"):
        from plugcli.cli.quick import exec_script

        exec_script(arguments[1], arguments[2:])
    if arguments[:1] == ["validate"] and not any(each.startswith("-") for each in arguments[1:]):
        from plugcli.cli.quick import validate_targets

        validate_targets(arguments[1:] or ["."])
    from plugcli.cli.boundary import guarded

    sys.exit(guarded(_commands))


def _commands() -> None:
    from plugcli.cli.app import (
        app,
    )  # inside the boundary, so that Ctrl-C during the import of typer gives no traceback

    app()
