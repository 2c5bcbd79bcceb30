"""A `$ref` leads to nothing, back to itself, or out of the document.

Hosts resolve only references within the document, such as `#/components/schemas/Name`. For any other reference the model sees an empty
schema and guesses. 40 approved plugins have such a reference, most of them by mistake: `#/component/...`, `#components/...`.

Bad:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          responses:
            "200":
              description: The list
              content: {application/json: {schema: {$ref: "#/components/schema/Todo"}}}
    components:
      schemas:
        Todo: {type: object, properties: {text: {type: string}}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          responses:
            "200":
              description: The list
              content: {application/json: {schema: {$ref: "#/components/schemas/Todo"}}}
    components:
      schemas:
        Todo: {type: object, properties: {text: {type: string}}}
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.openapi import survey
from plugcli.openapi.operation import exists, leads_somewhere
from plugcli.rules import Place, Problem, Problems, Rule

# Comparing names takes time, and after so many findings the hint tells nothing new.
_MOST_HINTS = 20
_MOST_NAMES = 2000
_SCHEMAS = "#/components/schemas/"
_TYPES = ("array", "boolean", "integer", "number", "object", "string")


def check(openapi: Document, host: Host) -> Problems:
    names = list(_targets(openapi))
    lost = 0
    good = {"#"}
    properties: frozenset[int] | None = None

    def is_lost(value: dict[str, Any]) -> bool:
        nonlocal properties
        reference = value["$ref"]
        if isinstance(reference, str):
            if reference not in good and leads_somewhere(openapi, reference):
                good.add(reference)
            return reference not in good
        if isinstance(reference, dict):  # perhaps a property of that name
            properties = survey.names(openapi) if properties is None else properties
            return id(value) not in properties
        return True

    for found in survey.find(openapi, ("$ref",), is_lost):
        reference = found.value["$ref"]
        place = Place(openapi, found.pointer("$ref"))
        if not isinstance(reference, str):
            yield Problem(
                place,
                "$ref is not a string",
                "references/unresolved",
                'for example "#/components/schemas/Name"',
            )
        elif reference in _TYPES:
            yield Problem(
                place,
                f"$ref {reference} leads to nothing",
                "references/unresolved",
                f"write type: {reference}",
            )
        elif not reference.startswith("#"):
            if not reference.strip("./"):
                hint = "for example #/components/schemas/Name"
                yield Problem(place, f"$ref {reference} leads to nothing", "references/unresolved", hint)
                continue
            short = reference.rpartition("/")[2]
            known = [name for name in names if name.rpartition("/")[2] == short]
            hint = f"write {known[0]}" if known else "copy what it leads to into components"
            message = f"$ref {reference} leads out of the document, where hosts do not follow it"
            words: dict[str, object] = {"paths": f"{openapi.name}, {reference.partition('#')[0]}"}
            yield Problem(place, message, "references/external", hint, words)
        elif reference != "#" and not exists(openapi, unquote(reference[1:])):
            lost += 1
            hint = _meant(reference, names) if lost <= _MOST_HINTS else ""
            yield Problem(
                place,
                f"$ref {reference} leads to nothing",
                "references/unresolved",
                hint,
                _words(place.pointer, reference),
            )
        elif reference != "#":
            yield Problem(
                place, f"$ref {reference} leads to nothing", "references/unresolved", "start it with #/"
            )

    yield from _circular(openapi)


def _circular(openapi: Document) -> Problems:
    """References that never end. The rule recursive-schema reports those between components.schemas."""
    known: dict[str, bool] = {}

    def is_suspect(value: dict[str, Any]) -> bool:
        reference = value.get("$ref")
        if not isinstance(reference, str) or reference[:1] != "#":
            return False
        if reference not in known:
            # A component that is not itself a reference ends there, as nearly all do.
            target = openapi.get(*pointer.split(unquote(reference[1:])))
            is_component = reference.startswith("#/components/") and reference.count("/") == 3
            is_end = is_component and not (isinstance(target, dict) and "$ref" in target)
            known[reference] = not is_end and not reference.startswith(_SCHEMAS)
        return known[reference]

    for found in survey.find(openapi, ("$ref",), is_suspect):
        reference, where = found.value["$ref"], found.pointer()
        target = pointer.join(*pointer.split(unquote(reference[1:])))
        if where == target or where.startswith(f"{target}/"):
            message = f"$ref {reference} leads to a value that contains it"
            hint = "name the schema that you mean, for example #/components/schemas/Name"
        elif where == min(_round(openapi, where), default=""):
            message = f"$ref {reference} leads back to itself"
            hint = "write here what the reference should stand for"
        else:
            continue
        yield Problem(Place(openapi, f"{where}/$ref"), message, "references/circular", hint)


def _round(openapi: Document, where: str) -> list[str]:
    """The references that lead from `where` to one another and back; empty if they end somewhere."""
    passed = [where]
    while isinstance(value := openapi.get(*pointer.split(passed[-1])), dict):
        reference = value.get("$ref")
        if not isinstance(reference, str) or not leads_somewhere(openapi, reference):
            break
        target = pointer.join(*pointer.split(unquote(reference[1:])))
        if target in passed:
            return passed if target == where else []
        passed.append(target)
    return []


def _words(where: str, reference: str) -> dict[str, object]:
    """The hosts' names for the place and the component of a reference in a body or an answer; elsewhere they are not known."""
    component = reference.rpartition("/")[2]
    match pointer.split(where):
        case ["paths", path, method, "requestBody", "content", kind, "schema", "$ref"]:
            context = ("paths", path, method, "requestBody", "content", kind, "schema")
            return {"context": context, "component": component}
        case ["paths", path, method, "responses", status, "content", kind, "schema", "$ref"]:
            words: dict[str, object] = {
                "context": ("paths", path, status, "response", "content", kind, "schema"),
                "component": component,
            }
            of_json = {"path": path, "method": method, "status": status}
            return words | of_json if kind == "application/json" else words
    return {}


def _meant(reference: str, names: list[str]) -> str:
    """What to do about a reference to nothing: use the same name elsewhere or a similar one, or add what is missing."""
    kind, _, short = reference.rpartition("/")
    known: dict[str, str] = {}
    for each in names if len(names) <= _MOST_NAMES else ():
        known.setdefault(each.rpartition("/")[2], each)
    close = [short] if short in known else get_close_matches(short, known, n=1, cutoff=0.7)
    if close:
        return f"did you mean {known[close[0]]}?"
    holder = pointer.split(kind[1:])
    is_component = len(holder) == 2 and holder[0] == "components" and bool(short)
    return f"add {short} to {'.'.join(holder)}" if is_component else "start it with #/components/"


def _targets(openapi: Document) -> Iterator[str]:
    components = openapi.data.get("components")
    for kind, named in components.items() if isinstance(components, dict) else ():
        for name in named if isinstance(named, dict) else ():
            yield "#" + pointer.join("components", kind, name)


RULE = Rule(openapi=check, is_same_for_all=True)
