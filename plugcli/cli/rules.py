"""`plugcli rules` and `plugcli explain RULE`: what validate checks, in the words of the rules' own files."""

from typing import Annotated

import typer

from plugcli.errors import UsageError


def rules() -> None:
    """List what validate checks, a line for each rule."""
    from plugcli.rules import all_rules, documentation

    width = max(map(len, all_rules()))
    for rule in all_rules():
        print(f"{rule:<{width}}  {documentation(rule).what}")


def explain(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="A rule's id, as `validate` prints it in brackets.")
    ],
) -> None:
    """Say what a rule finds, why it matters, and which host does what about it, with the source."""
    from difflib import get_close_matches

    from plugcli.hosts import all_hosts
    from plugcli.rules import all_rules, documentation

    if rule not in all_rules():
        close = get_close_matches(rule.lower(), all_rules(), n=1)
        hint = f"did you mean {close[0]}?" if close else "`plugcli rules` lists them"
        raise UsageError(f"unknown rule {rule!r}", hint=hint)
    print(f"{rule}: {documentation(rule).text}")
    for host_id, host in all_hosts().items():
        for name, claim in host.claims.items():
            if name != rule and not name.startswith(f"{rule}/"):
                continue
            about = name.removeprefix(rule).removeprefix("/")
            words = f" ({about})" if about else ""
            print(f"\n{host_id}{words}: {claim.word}, {claim.basis}: {claim.source}")
            if says := claim.says or claim.says_on_localhost:
                print(f"  {host.title} says: {says}")
