"""`plugcli schema NAME`: the JSON Schemas of what plugcli reads and writes, for editors and programs."""

from typing import Annotated

import typer

from plugcli.errors import UsageError

NAMES = ("manifest",)


def schema(name: Annotated[str, typer.Argument(metavar="manifest", help="Whose schema.")]) -> None:
    """Print a JSON Schema: of a plugin's manifest, for an editor to check and complete it as you type."""
    from plugcli.cli.report import print_json
    from plugcli.manifest_schema import manifest_schema

    if name not in NAMES:
        raise UsageError(f"no schema is called {name!r}", hint=f"one of {', '.join(NAMES)}")
    print_json(manifest_schema())
