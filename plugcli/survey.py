"""One walk over an OpenAPI document, for every rule that looks everywhere in it.

What it passes is remembered as a chain of keys, which is cheap: pointers are made only of what a rule complains about. Examples and
other plain values are passed by: what looks like a schema or a reference in them is none.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from plugcli.document import Document, pointer

# Members that hold values, not parts of the description; as names of properties they are nothing special.
VALUES = frozenset(("example", "examples", "default", "enum", "const"))
# What is read from JSON and YAML is exactly these, and to ask for the type is faster than isinstance.
_CONTAINERS = (dict, list)

# The key of an object in the one around it, and the chain of that one; None for the whole document.
Chain = tuple[Any, str | int] | None


@dataclass(frozen=True)
class Found:
    """An object somewhere in the document."""

    value: dict[str, Any]
    chain: Chain

    @property
    def parts(self) -> list[str | int]:
        """The keys and indices that lead here."""
        parts, chain = [], self.chain
        while chain is not None:
            chain, key = chain
            parts.append(key)
        return parts[::-1]

    def pointer(self, *more: str | int) -> str:
        """The JSON pointer of this object, or of what `more` lead to in it."""
        return pointer.join(*self.parts, *more)


@dataclass(frozen=True)
class Survey:
    """Objects with a `$ref`, and objects outside `properties` with an `enum` or a `default`; a YAML alias counts once."""

    references: list[Found]
    with_values: list[Found]


@lru_cache(maxsize=2)  # hosts are judged one after the other
def survey(document: Document) -> Survey:
    """Walk over the document. The order is of no meaning."""
    references: list[Found] = []
    with_values: list[Found] = []
    # An object whose keys are names: those of `properties`.
    waiting: list[tuple[Any, Chain, bool]] = [(document.data, None, False)]
    seen: set[int] = set()
    while waiting:
        value, chain, has_names = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is list:
            for index, each in enumerate(value):
                if type(each) in _CONTAINERS:
                    waiting.append((each, (chain, index), False))
            continue
        if "$ref" in value and not (has_names and isinstance(value["$ref"], dict)):
            references.append(Found(value, chain))
        if not has_names and ("enum" in value or "default" in value):
            with_values.append(Found(value, chain))
        for key, each in value.items():
            if type(each) in _CONTAINERS and (has_names or key not in VALUES):
                waiting.append((each, (chain, key), key == "properties"))
    return Survey(references, with_values)
