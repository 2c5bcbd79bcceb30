"""`plugcli schema NAME`: a JSON Schema of what plugcli reads or writes, for editors and for programs."""

from pathlib import Path
from typing import Annotated

import typer

from plugcli.errors import UsageError

SCHEMAS = Path(__file__).parents[1] / "schemas"
"""Found, never listed: a schema's name is its file's."""


def schema(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="`report`: what validate prints with --format json.")
    ],
) -> None:
    """Print a JSON Schema (draft 2020-12)."""
    schemas = {each.stem: each for each in SCHEMAS.glob("*.json")}
    if name not in schemas:
        raise UsageError(f"unknown schema {name!r}", hint=f"one of {', '.join(sorted(schemas))}")
    print(schemas[name].read_text(encoding="utf-8"), end="")
