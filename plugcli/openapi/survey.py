"""Where in an OpenAPI document the objects are that a rule minds, for rules that look everywhere in it.

Looking at each object is fast, and finding the way to one is not: ways are looked for only where an object is minded. Examples and
other plain values are passed by: what looks like a schema or a reference in them is none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from plugcli.document import Document, pointer

# Members that hold values, not parts of the description; as names of properties they are nothing special.
_VALUES = frozenset(("example", "examples", "default", "enum", "const"))

# A value with the chain of the one around it and its key there; None for both of the whole document.
_Chain = tuple[Any, str | int | None, Any]


@dataclass(frozen=True)
class Found:
    """An object in the document. With `has_names` its keys are names of the author's: it is a `properties`."""

    value: dict[str, Any]
    _chain: _Chain

    @property
    def has_names(self) -> bool:
        return self._chain[1] == "properties"

    def pointer(self, *more: str | int) -> str:
        """The JSON pointer of this object, or of what `more` lead to in it."""
        parts, chain = list[str | int](), self._chain
        while chain[1] is not None:
            parts.append(chain[1])
            chain = chain[0]
        return pointer.join(*reversed(parts), *more)


def find(
    document: Document, members: tuple[str, ...], is_minded: Callable[[dict[str, Any]], bool]
) -> Iterator[Found]:
    """The objects with one of `members` that `is_minded` says yes to, outside of values, in no order.

    What a YAML alias repeats is found once.
    """
    objects = document.objects
    minded = {id(each) for member in members for each in objects if member in each and is_minded(each)}
    if minded and document.is_json:  # else something of an example may be meant elsewhere too
        minded -= _in_examples(document)
    return _walk(document, minded) if minded else iter(())


def _in_examples(document: Document) -> set[int]:
    """What is in the examples that operations share, by `id`: large documents keep them there, and a walk takes ten times as long."""
    found: set[int] = set()
    level = [document.get("components", "examples")]
    while level:
        found.update(map(id, level))
        level = [
            each
            for value in level
            for each in (value.values() if type(value) is dict else value if type(value) is list else ())
            if type(each) is dict or type(each) is list
        ]
    return found


def names(document: Document) -> frozenset[int]:
    """The objects whose keys are names of the author's, because they are a `properties`: each by its `id`."""
    return frozenset(id(each["properties"]) for each in document.objects if "properties" in each)


def _walk(document: Document, minded: set[int]) -> Iterator[Found]:
    waiting: list[_Chain] = [(None, None, document.data)]
    seen: set[int] = set()
    is_yaml = document.is_yaml
    while waiting:
        chain = waiting.pop()
        _, key, value = chain
        if is_yaml:  # only there can two places have one value
            if id(value) in seen:
                continue
            seen.add(id(value))
        # What is read is exactly these two, and to ask for the type is faster than isinstance.
        if type(value) is list:
            waiting += [
                (chain, index, each)
                for index, each in enumerate(value)
                if type(each) is dict or type(each) is list
            ]
            continue
        if id(value) in minded:
            yield Found(value, chain)
        # Among the responses, `default` is one of them.
        values = () if key in ("properties", "responses") else _VALUES
        waiting += [
            (chain, name, each)
            for name, each in value.items()
            if (type(each) is dict or type(each) is list) and name not in values
        ]
