"""`plugcli schema NAME`: JSON Schemas of what plugcli reads and writes, for editors and programs."""

from pathlib import Path
from typing import Annotated

import typer

from plugcli.cli.command import Command
from plugcli.errors import UsageError

SCHEMAS = Path(__file__).parents[1] / "schemas"
"""The name of a schema is the name of its file; no list is kept."""

MANIFEST = "manifest"
"""Generated from the rules for the manifest, so that the two cannot differ."""


def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="`manifest`, so that an editor can check a manifest as you type, or `report`, for the output of validate --format json.",
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
