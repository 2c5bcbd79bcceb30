"""Where in an OpenAPI document the objects are that a rule minds, for rules that look everywhere in it.

Looking at each object is fast, and finding the way to one is not: ways are looked for only where an object is minded. Examples and
other plain values are passed by: what looks like a schema or a reference in them is none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from plugcli.document import Document, pointer

# Members that hold values, not parts of the description; as names of properties they are nothing special.
_VALUES = frozenset(("example", "examples", "default", "enum", "const"))

# The key of an object in the one around it, and the chain of that one; None for the whole document.
_Chain = tuple[Any, str | int] | None


@dataclass(frozen=True)
class Found:
    """An object in the document. With `has_names` its keys are names of the author's: it is a `properties`."""

    value: dict[str, Any]
    has_names: bool
    _chain: _Chain

    def pointer(self, *more: str | int) -> str:
        """The JSON pointer of this object, or of what `more` lead to in it."""
        parts, chain = list[str | int](), self._chain
        while chain is not None:
            chain, key = chain
            parts.append(key)
        return pointer.join(*reversed(parts), *more)


def find(
    document: Document, members: tuple[str, ...], is_minded: Callable[[dict[str, Any]], bool]
) -> Iterator[Found]:
    """The objects with one of `members` that `is_minded` says yes to, outside of values, in no order.

    What a YAML alias repeats is found once.
    """
    objects = document.objects
    having = (each for member in members for each in objects if member in each)
    minded = {id(each) for each in having if is_minded(each)}
    walked = _walk(document) if minded else ()
    return (Found(value, names, chain) for value, names, chain in walked if id(value) in minded)


def names(document: Document) -> frozenset[int]:
    """The objects whose keys are names of the author's, because they are a `properties`: each by its `id`."""
    return frozenset(id(each["properties"]) for each in document.objects if "properties" in each)


@lru_cache(maxsize=2)  # several rules ask
def _walk(document: Document) -> list[tuple[dict[str, Any], bool, _Chain]]:
    """Every object with what `Found` says of it; to make one of each would take longer than the walk."""
    passed: list[tuple[dict[str, Any], bool, _Chain]] = []
    waiting: list[tuple[Any, _Chain, bool]] = [(document.data, None, False)]
    seen: set[int] = set()
    while waiting:
        value, chain, has_names = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is list:
            for index, each in enumerate(value):
                if type(each) is dict or type(each) is list:
                    waiting.append((each, (chain, index), False))
            continue
        passed.append((value, has_names, chain))
        # Among the responses, `default` is one of them.
        has_no_values = has_names or (chain is not None and chain[1] == "responses")
        for key, each in value.items():
            # What is read is exactly these, and to ask for the type is faster than isinstance.
            is_container = type(each) is dict or type(each) is list
            if is_container and (has_no_values or key not in _VALUES):
                waiting.append((each, (chain, key), key == "properties"))
    return passed
