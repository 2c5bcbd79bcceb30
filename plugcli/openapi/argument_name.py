"""The names that a model is shown for the arguments of a tool. They are made here and nowhere else.

A name in the document may occur in two locations, be too long, or contain characters that the API of a model refuses.
"""

import re
from collections import Counter
from collections.abc import Iterable

from plugcli.openapi.signature import BODY, Argument

# Anthropic's API accepts up to 64 letters, digits, _ - and . in a name. Gemini's accepts no hyphens, no dots, and no digit first.
MOST_CHARACTERS = 64
_REFUSED = re.compile(r"[^A-Za-z0-9_]+")


def renamed(argument: Argument) -> str:
    """The name that converters give a parameter if a property of the body has the same name: `name__path`, `name__query` and so on."""
    return f"{argument.name}{_ending(argument)}"


def shown_names(arguments: Iterable[Argument]) -> dict[str, Argument]:
    """The arguments by the name that a model is shown, in the given order. The names do not depend on that order.

    If arguments in several locations have the same name, a property of the body keeps it, and each parameter gets its location as
    an ending. Characters that an API refuses become `_`, names are cut at 64 characters, and a name that is taken gets a number.
    A name that needs no change is never taken by another argument.
    """
    arguments = tuple(arguments)
    often = Counter(each.name for each in arguments)
    endings = {
        each: "" if often[each.name] == 1 or each.location == BODY else _ending(each) for each in arguments
    }
    # Names that need no change come first, so that no other argument takes them.
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
