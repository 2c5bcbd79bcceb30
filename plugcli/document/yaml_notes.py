"""Notes about a YAML text, made while it is read: where values are, and where readers would disagree. Places are offsets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

# The offsets of key and value for each member of a mapping or sequence.
Places = dict[str, tuple[int, int]]


class Repeated(NamedTuple):
    """A key that its mapping already had, or an anchor that was already given: the parts that lead there, and both offsets.

    Two keys are not `alike` if one is a number and the other text: `404` and `"404"`.
    """

    name: str
    parts: list[str]
    offset: int
    first: int
    alike: bool = True


class Ambiguous(NamedTuple):
    """An unquoted scalar, as written, that readers read differently: the parts that lead there, and its offset."""

    text: str
    parts: list[str]
    offset: int
    is_key: bool


class Merge(NamedTuple):
    """A key `<<`: the parts that lead to the mapping that contains it, and its offset."""

    parts: list[str]
    offset: int


class Refused(NamedTuple):
    """Something that PyYAML accepts and js-yaml refuses, and what to write instead. With `is_tag` only its JSON_SCHEMA does."""

    message: str
    hint: str
    parts: list[str]
    offset: int
    is_tag: bool = False


@dataclass(frozen=True)
class Notes:
    """Where readers of a text would disagree, and which of its keys are repeated, each in the order of the text."""

    repeated: Sequence[Repeated] = ()
    ambiguous: Sequence[Ambiguous] = ()
    merges: Sequence[Merge] = ()
    anchored_again: Sequence[Repeated] = ()
    refused: Sequence[Refused] = ()
