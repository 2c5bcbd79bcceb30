"""`required: true` in a property becomes an entry in the list of names beside `properties`; `required: false` goes.

OpenAPI's parameters have such a flag and its schemas have a list: 3 in 10 approved plugins mix them up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from plugcli.document import Document, pointer
from plugcli.finding import Finding
from plugcli.fix.edit import Unsure
from plugcli.fix.json_editor import JsonEditor
from plugcli.fix.offer import Offer, at, editor
from plugcli.fix.yaml_editor import YamlEditor

# The author chooses the names of the members of these, so `properties` in them is not a keyword.
_NAMING = {
    "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "schemas", "responses", "parameters",
    "headers", "requestBodies", "securitySchemes", "examples", "links", "callbacks", "pathItems", "content", "paths",
    "encoding", "mapping", "variables", "scopes", "webhooks",
}  # fmt: skip


def offers(document: Document, findings: Iterable[Finding]) -> Iterator[Offer]:
    """A fix for each object whose properties have the flag. One that has the flag itself comes after the object around it."""
    flags: dict[str, list[str]] = defaultdict(list)
    rules = {
        each.pointer: each.rule for each in findings
    }  # hosts may report it by different rules: any of them will do
    for flag in rules:
        parts = pointer.split(flag)
        if _is_flag(parts) and isinstance(document.get(*parts), bool):
            flags[pointer.join(*parts[:-3])].append(parts[-2])
    texts = editor(document) if flags else None
    for where, names in flags.items():
        with suppress(Unsure):
            if texts is not None:
                rule = rules[f"{where}{pointer.join('properties', names[0], 'required')}"]
                yield _offer(document, texts, where, names, rule)


def _is_flag(parts: list[str]) -> bool:
    """Whether `parts` lead to the `required` of a property, not to a property with that name."""
    index = 0
    while index < len(parts) - 3:
        index += 2 if parts[index] in _NAMING else 1
    return index == len(parts) - 3 and parts[index] == "properties" and parts[-1] == "required"


def _offer(
    document: Document, texts: JsonEditor | YamlEditor, where: str, names: list[str], rule: str
) -> Offer:
    parts = pointer.split(where)
    schema = at(document.data, *parts)
    listed = schema.get("required", [])
    if not isinstance(listed, list):
        raise Unsure("required is not a list of names")
    known = {each for each in listed if isinstance(each, str)}
    flags = {name: schema["properties"][name]["required"] for name in names}
    if any(name in known for name, flag in flags.items() if not flag):
        raise Unsure("the flag says no but the list says yes")
    edits = [
        edit
        for name in names
        for edit in texts.remove(f"{where}{pointer.join('properties', name, 'required')}")
    ]
    message = f"the flag `required` is removed from {', '.join(names)}"
    new = [name for name, flag in flags.items() if flag and name not in known]
    if new:
        message += f", and the list of required names now has {', '.join(new)}"
        if "required" in schema:
            edits += texts.append(f"{where}/required", new)
        else:
            edits += texts.insert(where, "required", new, before="properties")

    def change(data: dict[str, Any]) -> None:
        target = at(data, *parts)
        for name in names:
            del target["properties"][name]["required"]
        if new:
            target["required"] = [*listed, *new]

    return Offer(rule, f"{where}/properties", message, tuple(edits), change)
