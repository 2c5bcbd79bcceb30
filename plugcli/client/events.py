"""Server-sent events, read line by line as they arrive.

Never trusts the sender: anything but a valid stream of events raises ValueError.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from plugcli.sandbox import gate


@dataclass(frozen=True)
class Event:
    """One event: its name and its data, which is a JSON object."""

    name: str
    data: dict[str, Any]


def events(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield each event in `lines` as soon as its closing blank line arrives. Skips comments and unknown fields."""
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
    """Return the JSON object in `data`. Raises ValueError if `data` is anything else."""
    content = gate.read_json(data)
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")
    return content


def text_of(content: dict[str, Any], name: str) -> str:
    """Return the string member `name` of a JSON object. Raises ValueError if it is missing or not a string."""
    value = content.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a string")
    return value


def number_of(content: dict[str, Any], name: str, highest: int) -> int:
    """Return the integer member `name`, from 0 to `highest`, of a JSON object. Raises ValueError if it is missing or anything else."""
    value = content.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= highest:
        raise ValueError(f"{name} is not a number from 0 to {highest}")
    return value


def objects_of(content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the member `name` of a JSON object, a list of objects. Raises ValueError if it is missing or anything else."""
    value = content.get(name)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"{name} is not a list of objects")
    return value
