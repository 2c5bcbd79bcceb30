"""`plugcli explain RULE`: the documentation of a rule, and what each host does about it."""

import io
import re
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from plugcli.cli.command import Command
from plugcli.errors import UsageError

if TYPE_CHECKING:
    from plugcli.hosts import Claim

_WIDTH_OF_A_PIPE = 100


def explain(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="The id of a rule, as `validate` prints it in brackets.")
    ],
) -> None:
    """Explain a rule, and what each host does about it.

    It prints what the rule finds, why it matters, a bad and a good example, and for each host the severity and its source.
    """
    from difflib import get_close_matches

    from plugcli.hosts import all_hosts
    from plugcli.rules import all_rules, claims, documentation

    if rule not in all_rules():
        close = get_close_matches(rule.lower(), all_rules(), n=1)
        hint = f"did you mean {close[0]}?" if close else "`plugcli rules` lists the rules"
        raise UsageError(f"unknown rule {rule!r}", hint=hint)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # an ASCII terminal
    print(_wrapped(f"{rule}: {documentation(rule).text}"))
    for host in all_hosts().values():
        found, state = claims(rule, host), f" ({host.state.says})" if host.state.says else ""
        if found:
            print(f"\n{_wrapped(f'{host.title}{state}:')}")
        for cases, claim in _by_claim(found):
            about = f"{', '.join(cases)}: " if any(cases) else ""
            print(_wrapped(f"{about}{_word(claim)} ({claim.basis}: {claim.source})", indent=2))
            if says := claim.says or claim.says_on_localhost:
                where = "" if claim.says else ", of a plugin on localhost"
                print(_wrapped(f"it says{where}: {says}", indent=4))


def _by_claim(found: list[tuple[str, "Claim"]]) -> list[tuple[list[str], "Claim"]]:
    """Group the cases by claim, so that ten required members take one line."""
    cases: dict[Claim, list[str]] = {}
    for case, claim in found:
        cases.setdefault(claim, []).append(case)
    return [(names, claim) for claim, names in cases.items()]


def _word(claim: "Claim") -> str:
    return f"{claim.word}, {claim.loses} lost" if claim.loses else claim.word


def _wrapped(text: str, indent: int = 0) -> str:
    """Wrap the paragraphs of `text` to the terminal's width. Indented examples stay as they are."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_terminal else _WIDTH_OF_A_PIPE
    first, others = " " * indent, " " * (indent + 2 if indent else 0)
    paragraphs = (
        each
        if each.startswith(" ")
        else textwrap.fill(
            each, max(width, 40), initial_indent=first, subsequent_indent=others,
            break_long_words=False, break_on_hyphens=False,
        )
        for each in re.split(r"\n\s*?\n", text)
    )  # fmt: skip
    return "\n\n".join(paragraphs)


COMMAND = Command(explain)
