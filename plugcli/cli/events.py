"""Server-sent events as they come: the bytes of an answer, line by line, into names and data.

What sends them is not believed to be plugcli: whatever is no event stream is ValueError.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from plugcli.sandbox import gate


@dataclass(frozen=True)
class Event:
    """One event: its name, and its data, a JSON object."""

    name: str
    data: dict[str, Any]


def events(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events of `lines`, each when its blank line has come. Comments, and fields that mean nothing here, are passed over."""
    name = ""
    data: list[bytes] = []
    for line in lines:
        text = line.rstrip(b"\r\n")
        field, _, value = text.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            name = value.decode()
        elif field == b"data":
            data.append(value)
        elif not text:
            if data:
                yield Event(name, json_object(b"\n".join(data)))
            name, data = "", []


def json_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`. Raises ValueError for anything else."""
    content = gate.read_json(data)
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")
    return content


def text_of(content: dict[str, Any], name: str) -> str:
    """Return the string `name` of a JSON object. Raises ValueError where there is none."""
    value = content.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a string")
    return value


def number_of(content: dict[str, Any], name: str, highest: int) -> int:
    """Return the number `name`, 0 to `highest`, of a JSON object. Raises ValueError where there is none."""
    value = content.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= highest:
        raise ValueError(f"{name} is not a number from 0 to {highest}")
    return value


def objects_of(content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the list `name` of a JSON object, which holds objects. Raises ValueError where there is none."""
    value = content.get(name)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"{name} is not a list of objects")
    return value
