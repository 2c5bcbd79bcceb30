"""`plugcli doctor`: which layers of the sandbox work on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer

from plugcli.cli.command import Command
from plugcli.cli.render import print_json
from plugcli.errors import SandboxUnavailable
from plugcli.terminal_text import printable

if TYPE_CHECKING:
    from plugcli.sandbox import Protection


def doctor(
    python: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The interpreter or venv to use. [default: plugcli's own]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Show which layers of the sandbox work here.

    It starts a real jail, as serve and exec do. The exit status is 0 if the default policy holds, and 4 if serve and exec would refuse
    to run code.
    """
    import asyncio

    from plugcli.sandbox import diagnose

    protection = asyncio.run(diagnose(python=python))
    if json:
        print_json(protection.as_json())
    else:
        _print(protection)
    if protection.refusal is not None:
        raise typer.Exit(SandboxUnavailable.exit_code)


def _print(protection: "Protection") -> None:
    lines = [f"sandbox: {protection.first_line}"]
    for layer in protection.layers:
        lines += ["", f"{layer.name}: {'on' if layer.is_on else 'off'}", f"  {layer.why}"]
        if layer.remedy:
            lines.append(f"  {'stronger' if layer.is_on else 'to turn it on'}: {layer.remedy}")
    if protection.can_still:
        lines += ["", "What code can still do:", *(f"  - {sentence}" for sentence in protection.can_still)]
    for line in lines:
        print(printable(line))  # it may contain names of folders


COMMAND = Command(doctor)
