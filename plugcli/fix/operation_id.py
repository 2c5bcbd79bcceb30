"""An operation without an operationId gets one, as its first member."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from plugcli.document import Document, pointer
from plugcli.finding import Finding
from plugcli.fix.edit import Unsure
from plugcli.fix.offer import Offer, at, editor
from plugcli.openapi.operation import Operation, operations, suggested_id

_LONGEST = 60


def offers(document: Document, findings: Iterable[Finding]) -> Iterator[Offer]:
    """A fix for each operation without an id."""
    found = {each.pointer for each in findings if each.rule == "operation-id"}
    all_operations = list(operations(document))
    missing = [each for each in all_operations if each.where in found and "operationId" not in each.data]
    taken = {each.id for each in all_operations}
    texts = editor(document) if missing else None
    for operation in missing:
        name = _free_name(operation, taken)
        try:
            edits = texts.insert(operation.where, "operationId", name) if texts else []
        except Unsure:
            continue
        taken.add(name)
        parts = pointer.split(operation.where)

        def change(data: dict[str, Any], parts: list[str] = parts, name: str = name) -> None:
            at(data, *parts)["operationId"] = name

        message = f"{operation.title} now has the operationId {name}"
        yield Offer("operation-id", operation.where, message, tuple(edits), change)


def _free_name(operation: Operation, taken: set[str]) -> str:
    """A name that no other operation has: getTodos, else getTodosByUsername, else getTodos2."""
    name = suggested_id(operation)[:_LONGEST]
    inputs = "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", _inputs(operation)))
    number = 2
    free = name if name not in taken or not inputs else f"{name}By{inputs}"[:_LONGEST]
    while free in taken:
        free = f"{name}{number}"
        number += 1
    return free


def _inputs(operation: Operation) -> str:
    return " ".join(re.findall(r"\{([^{}]*)\}", operation.path))
