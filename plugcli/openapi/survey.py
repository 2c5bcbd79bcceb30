"""Find the objects that a rule reports, anywhere in an OpenAPI document, and the pointers to them.

Looking at every object is fast, but finding the pointer to one is slow, so pointers are computed only for objects that are reported.
Examples and other plain values are skipped: something in them may look like a schema or a reference without being one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from plugcli.document import Document, pointer

# Members that hold plain values. As names of properties they have no special meaning.
_VALUES = frozenset(("example", "examples", "default", "enum", "const"))

# The chain of the enclosing value, the key in it, and the value. The first two are None for the whole document.
_Chain = tuple[Any, str | int | None, Any]


@dataclass(frozen=True)
class Found:
    """An object in the document. If `has_names` is true, it is a `properties`, and its keys are names that the author chose."""

    value: dict[str, Any]
    _chain: _Chain

    @property
    def has_names(self) -> bool:
        return self._chain[1] == "properties"

    def pointer(self, *more: str | int) -> str:
        """The JSON pointer of this object, or of the value that the parts `more` lead to in it."""
        parts, chain = list[str | int](), self._chain
        while chain[1] is not None:
            parts.append(chain[1])
            chain = chain[0]
        return pointer.join(*reversed(parts), *more)


def find(
    document: Document, members: tuple[str, ...], is_reported: Callable[[dict[str, Any]], bool]
) -> Iterator[Found]:
    """The objects that have one of `members` and for which `is_reported` is true, in no order. Plain values are skipped.

    An object that a YAML alias repeats is found once.
    """
    objects = document.objects
    reported = {id(each) for member in members for each in objects if member in each and is_reported(each)}
    if reported and document.is_json:  # in YAML an alias may use a part of an example elsewhere
        reported -= _in_examples(document)
    return _walk(document, reported) if reported else iter(())


def _in_examples(document: Document) -> set[int]:
    """The `id` of everything in `components/examples`. In large documents, including the examples makes the walk ten times as long."""
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
    """The `id` of every `properties` object: its keys are names that the author chose."""
    return frozenset(id(each["properties"]) for each in document.objects if "properties" in each)


def _walk(document: Document, reported: set[int]) -> Iterator[Found]:
    waiting: list[_Chain] = [(None, None, document.data)]
    seen: set[int] = set()
    is_yaml = document.is_yaml
    while waiting:
        chain = waiting.pop()
        _, key, value = chain
        if is_yaml:  # only YAML can have the same value in two places
            if id(value) in seen:
                continue
            seen.add(id(value))
        # The readers make only plain dicts and lists, and comparing the type is faster than isinstance.
        if type(value) is list:
            waiting += [
                (chain, index, each)
                for index, each in enumerate(value)
                if type(each) is dict or type(each) is list
            ]
            continue
        if id(value) in reported:
            yield Found(value, chain)
        # In `responses`, `default` is a response.
        values = () if key in ("properties", "responses") else _VALUES
        waiting += [
            (chain, name, each)
            for name, each in value.items()
            if (type(each) is dict or type(each) is list) and name not in values
        ]
