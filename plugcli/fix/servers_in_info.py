"""`servers` inside `info`, where no host reads it, moves to the top level."""

from collections.abc import Iterable, Iterator
from typing import Any

from plugcli.document import Document
from plugcli.finding import Finding
from plugcli.fix.edit import Unsure
from plugcli.fix.offer import Offer, editor

_WHERE = "/info/servers"


def offers(document: Document, findings: Iterable[Finding]) -> Iterator[Offer]:
    """At most one fix. If the top level has its own `servers`, even an empty one, nothing changes."""
    is_found = any(each.rule == "servers" and each.pointer == _WHERE for each in findings)
    if not is_found or "servers" in document.data:
        return
    try:
        edits = editor(document).lift(_WHERE)
    except Unsure:
        return
    yield Offer("servers", _WHERE, "servers is now at the top level", tuple(edits), _change)


def _change(data: dict[str, Any]) -> None:
    data["servers"] = data["info"].pop("servers")
