"""`plugcli schema NAME`: a JSON Schema of what plugcli reads or writes, for editors and for programs."""

from pathlib import Path
from typing import Annotated

import typer

from plugcli.cli.command import Command
from plugcli.errors import UsageError

SCHEMAS = Path(__file__).parents[1] / "schemas"
"""Found, never listed: a schema's name is its file's."""

MANIFEST = "manifest"
"""Made of what validate knows of the manifest, so that the two cannot differ."""


def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="`manifest`, for an editor to check one as you type, or `report`: what validate prints with --format json.",
        ),
    ],
) -> None:
    """Print a JSON Schema (draft 2020-12)."""
    files = {each.stem: each for each in SCHEMAS.glob("*.json")}
    if name == MANIFEST:
        from plugcli.cli.render import print_json
        from plugcli.manifest_schema import manifest_schema

        print_json(manifest_schema())
    elif name in files:
        print(files[name].read_text(encoding="utf-8"), end="")
    else:
        raise UsageError(f"unknown schema {name!r}", hint=f"one of {', '.join(sorted([MANIFEST, *files]))}")


COMMAND = Command(schema)
