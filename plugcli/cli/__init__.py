"""The command `plugcli`: the one place where errors become exit codes.

Importing typer costs more than starting Python, and some commands need a web framework or a validator:
every module below imports those inside the function that uses them.
"""

import sys

from plugcli import __version__


def main() -> None:
    """Run the command line and exit with its status."""
    if sys.argv[1:] == ["--version"]:  # ahead of typer, whose import is most of what this would cost
        print(f"plugcli {__version__}")
        return
    from plugcli.cli.app import run

    sys.exit(run())
