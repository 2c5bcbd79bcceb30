"""The names under which a model is shown the arguments of a tool: the only place where they are made.

A name of the document may be in two locations, may be too long, or may hold characters that a model's API refuses.
"""

import re
from collections import Counter
from collections.abc import Iterable

from plugcli.openapi.signature import BODY, Argument

# Anthropic's API takes at most 64 letters, digits, _ - and .; Gemini's no hyphens and dots, and no digit first.
MOST_CHARACTERS = 64
_REFUSED = re.compile(r"[^A-Za-z0-9_]+")


def renamed(argument: Argument) -> str:
    """The name of an argument that must give way to one in the body, as converters make it: `name__path`, `name__query`."""
    return f"{argument.name}{_ending(argument)}"


def shown_names(arguments: Iterable[Argument]) -> dict[str, Argument]:
    """The arguments by the name that a model is shown, in their order. No name depends on that order.

    A name that every model's API takes stays as it is, unless arguments in two locations have it: then a property of the body
    keeps it, and a parameter gets its location as an ending. Other names have `_` in place of refused characters, are cut at
    64 characters, and are numbered where the name is taken.
    """
    arguments = tuple(arguments)
    often = Counter(each.name for each in arguments)
    endings = {
        each: "" if often[each.name] == 1 or each.location == BODY else _ending(each) for each in arguments
    }
    # Names that stay as they are come first, so that no other name takes them.
    in_order = sorted(
        arguments, key=lambda each: (_shown(each, endings[each]) != each.name, each.name, each.location)
    )
    names: dict[str, Argument] = {}
    numbers: Counter[str] = Counter()
    for each in in_order:
        wished = name = _shown(each, endings[each])
        while name in names:
            numbers[wished] += 1
            name = _cut(wished, f"_{numbers[wished] + 1}")
        names[name] = each
    by_argument = {argument: name for name, argument in names.items()}
    return {by_argument[each]: each for each in arguments}


def _shown(argument: Argument, ending: str) -> str:
    name = _REFUSED.sub("_", argument.name)
    return _cut(name if name[:1] and not name[0].isdecimal() else f"_{name}", ending)


def _cut(name: str, ending: str) -> str:
    return name[: MOST_CHARACTERS - len(ending)] + ending


def _ending(argument: Argument) -> str:
    return f"__{argument.location}"
