"""A `$ref` leads to nothing, or out of the document.

Hosts resolve what is in the document itself: `#/components/schemas/Name`. For anything else the model
sees an empty schema and guesses. 40 approved plugins have such a reference, most by a slip:
`#/component/...`, `#components/...`.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.operation import exists
from plugcli.rules import Place, Problem, Problems, Rule

# Comparing names takes time, and after so many the hint is no news.
_MOST_HINTS = 20
_MOST_NAMES = 2000
# Here a key `$ref` is a value, not a reference.
_VALUES = {"example", "examples", "default", "enum", "const"}


def check(openapi: Document, host: Host) -> Problems:
    names = list(_targets(openapi))
    lost = 0
    for where, reference in _references(openapi):
        place = Place(openapi, where)
        if not isinstance(reference, str):
            yield Problem(place, "$ref is no text", "references/unresolved")
        elif not reference.startswith("#"):
            if reference in names or not reference.strip("./"):
                yield Problem(place, f"$ref {reference} leads to nothing", "references/unresolved")
                continue
            short = reference.rpartition("/")[2]
            known = [name for name in names if name.rpartition("/")[2] == short]
            hint = f"write {known[0]}" if known else "copy what it leads to into components"
            message = f"$ref {reference} leads out of the document: hosts do not follow it"
            yield Problem(place, message, "references/external", hint)
        elif reference != "#" and not exists(openapi, unquote(reference[1:])):
            lost += 1
            hint = _meant(reference, names) if lost <= _MOST_HINTS else ""
            words = _words(where, reference)
            yield Problem(place, f"$ref {reference} leads to nothing", "references/unresolved", hint, words)
        elif reference.startswith("#") and reference != "#" and not reference.startswith("#/"):
            yield Problem(
                place, f"$ref {reference} leads to nothing", "references/unresolved", "start it with #/"
            )


def _words(where: str, reference: str) -> dict[str, object]:
    """What the host calls the place and the component, where a body or an answer is a reference; its words elsewhere are not known."""
    match pointer.split(where):
        case ["paths", path, method, "requestBody", "content", kind, "schema", "$ref"]:
            context = ("paths", path, method, "requestBody", "content", kind, "schema")
        case ["paths", path, _, "responses", status, "content", kind, "schema", "$ref"]:
            context = ("paths", path, status, "response", "content", kind, "schema")
        case _:
            return {}
    return {"context": context, "component": reference.rpartition("/")[2]}


def _meant(reference: str, names: list[str]) -> str:
    close = get_close_matches(reference, names, n=1, cutoff=0.7) if len(names) <= _MOST_NAMES else []
    return f"did you mean {close[0]}?" if close else ""


def _references(openapi: Document) -> Iterator[tuple[str, Any]]:
    waiting: list[tuple[list[str], Any]] = [([], openapi.data)]
    seen = set()
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, (dict, list)):
            if id(value) in seen:  # YAML aliases: one text, one finding
                continue
            seen.add(id(value))
        if isinstance(value, list):
            waiting.extend(([*path, str(index)], each) for index, each in enumerate(value))
        elif isinstance(value, dict):
            in_properties = bool(path) and path[-1] == "properties"
            for key, each in value.items():
                if key == "$ref" and not (in_properties and isinstance(each, dict)):
                    yield pointer.join(*path, key), each
                elif key not in _VALUES or in_properties:
                    waiting.append(([*path, key], each))


def _targets(openapi: Document) -> Iterator[str]:
    components = openapi.data.get("components")
    for kind, named in components.items() if isinstance(components, dict) else ():
        for name in named if isinstance(named, dict) else ():
            yield "#" + pointer.join("components", kind, name)


RULE = Rule(openapi=check)
