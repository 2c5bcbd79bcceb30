"""What is noted of a YAML text while it is read: where values are, and what its readers would not agree on. Places are offsets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

# Of the members of a mapping or sequence: the offsets of key and value.
Places = dict[str, tuple[int, int]]


class Repeated(NamedTuple):
    """A key that its mapping already had, or an anchor that was already given: the parts that lead there, both offsets.

    Two keys are not `alike` where one is a number and the other text: `404` and `"404"`.
    """

    name: str
    parts: list[str]
    offset: int
    first: int
    alike: bool = True


class Ambiguous(NamedTuple):
    """A scalar without quotes, as it is written, that is not the same to every reader: the parts that lead there, its offset."""

    text: str
    parts: list[str]
    offset: int
    is_key: bool


class Merge(NamedTuple):
    """A key `<<`: the parts that lead to the mapping that it stands in, its offset."""

    parts: list[str]
    offset: int


class Refused(NamedTuple):
    """What PyYAML takes and js-yaml refuses, and what to write instead; with `is_tag` js-yaml's JSON_SCHEMA alone refuses it."""

    message: str
    hint: str
    parts: list[str]
    offset: int
    is_tag: bool = False


@dataclass(frozen=True)
class Notes:
    """What readers of a text would not agree on, each in the order of the text, and which of its keys are there twice."""

    repeated: Sequence[Repeated] = ()
    ambiguous: Sequence[Ambiguous] = ()
    merges: Sequence[Merge] = ()
    anchored_again: Sequence[Repeated] = ()
    refused: Sequence[Refused] = ()
