"""`plugcli doctor`: what holds a model's code on this machine, and what does not."""

from typing import Annotated

import typer

from plugcli.errors import SandboxUnavailable


def doctor(
    python: Annotated[
        str | None, typer.Option(metavar="PATH", help="The interpreter, or a venv; default: plugcli's own.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the verdict as one JSON object.")] = False,
) -> None:
    """Say which layers of the sandbox are on, by making a jail as serve and exec do.

    Exit status 0 when the default policy holds, 4 when serve and exec would refuse to run code.
    """
    import asyncio

    from plugcli.sandbox import diagnose

    verdict = asyncio.run(diagnose(python=python))
    if json:
        import json as json_

        print(json_.dumps(verdict.as_json(), indent=2))
    else:
        print(f"sandbox: {verdict.first_line}")
        for layer in verdict.layers:
            print(f"\n{layer.name}: {'on' if layer.is_on else 'off'}\n  {layer.why}")
            if layer.remedy:
                print(f"  {'stronger' if layer.is_on else 'to turn it on'}: {layer.remedy}")
        if verdict.can_still:
            print("\nWhat code can still do:")
            for sentence in verdict.can_still:
                print(f"  - {sentence}")
    if verdict.refusal is not None:
        raise typer.Exit(SandboxUnavailable.exit_code)
