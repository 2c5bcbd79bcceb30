"""`plugcli rules`: what validate checks, a line for each rule."""

from typing import Annotated

import typer

from plugcli.cli.command import Command


def rules(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List the rules of validate, one per line."""
    from plugcli.rules import all_rules, documentation

    if as_json:
        from plugcli.cli.render import print_json

        print_json([{"rule": rule, "what": documentation(rule).what} for rule in all_rules()])
        return
    width = max(map(len, all_rules()))
    for rule in all_rules():
        print(f"{rule:<{width}}  {documentation(rule).what}")


COMMAND = Command(rules)
