"""The input schema of a tool is one that models' APIs refuse.

Programs that read OpenAPI are lenient. A model's API checks the input of each tool as JSON Schema, and refuses the whole request for one
fault: an array without `items`, an unknown type, a bound or a `required` that is true or false. OpenAI's own quickstart plugin has a
property with `required: true`. MCP clients drop a tool whose `x-mcp-header` is not a valid header name (specification
2026-07-28, custom headers).

Bad:

    paths:
      /todos:
        post:
          operationId: addTodos
          summary: Add entries
          requestBody: {content: {application/json: {schema: {type: object, properties: {todos: {type: array}}}}}}
          responses: {"200": {description: Added}}

Good:

    paths:
      /todos:
        post:
          operationId: addTodos
          summary: Add entries
          requestBody: {content: {application/json: {schema: {type: object, properties: {
            todos: {type: array, items: {type: string}}}}}}}
          responses: {"200": {description: Added}}
"""

import json
import re
from collections.abc import Iterator

from plugcli.document import Document, remembered
from plugcli.hosts import Host, Tools
from plugcli.json_schema.schema_type import TYPES, meant
from plugcli.openapi.tool_schema import Part, parts
from plugcli.rules import Place, Problem, Problems, Rule

# From the Model Context Protocol: this argument is sent in a header of the request, so that a proxy can read it.
_HEADER = "x-mcp-header"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PLAIN_TYPES = ("string", "integer", "boolean")
_BOUNDS = ("exclusiveMinimum", "exclusiveMaximum")


def check(openapi: Document, host: Host) -> Problems:
    if host.tools is not None and any(claim.startswith("tool-schema/") for claim in host.claims):
        yield from _of_all(openapi, host.tools)


@remembered
def _of_all(openapi: Document, how: Tools) -> tuple[Problem, ...]:
    found = parts(openapi, how)
    problems = [problem for part in found for problem in _of(openapi, part)]
    return (*problems, *(_headers(openapi, found) if _HEADER in openapi.text else ()))


def _of(openapi: Document, part: Part) -> Iterator[Problem]:
    schema = part.schema
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "array" in kinds and not isinstance(schema.get("items"), (dict, bool)) and "prefixItems" not in schema:
        message = f"{_named(part)} is an array without items"
        hint = "add items, for example items: {type: string}"
        yield _problem(openapi, part, "", message, "tool-schema/items", hint)
    strange = [each for each in kinds if each is not None and each not in (*TYPES, "null")]
    if strange:
        message = f"type is {json.dumps(strange[0])}, and must be one of {', '.join(TYPES)}"
        yield _problem(openapi, part, "type", message, "tool-schema/type", meant(str(strange[0])))
    if isinstance(schema.get("required"), bool):
        message = f"required is {_shown(schema['required'])}, and must be a list"
        hint = "list the required names once, beside properties: required: [name, ...]"
        yield _problem(openapi, part, "required", message, "tool-schema/required", hint)
    for bound in _BOUNDS:
        if isinstance(schema.get(bound), bool):
            limit = bound.removeprefix("exclusive").lower()
            message = (
                f"{_named(part)} has {bound}: {_shown(schema[bound])}, which only old JSON Schema allows"
            )
            hint = f"write {bound}: {schema.get(limit, '(the number)')} in place of {limit}"
            yield _problem(openapi, part, bound, message, "tool-schema/bound", hint)


def _headers(openapi: Document, found: tuple[Part, ...]) -> Iterator[Problem]:
    """Tools that a client drops because it cannot send one of their headers; one finding for each tool."""
    seen: dict[tuple[int, str], str] = {}
    lost = set()
    for part in reversed(found):  # in the order of the text, except nested ones
        if _HEADER not in part.schema or part.tool.index in lost:
            continue
        name = part.schema[_HEADER]
        is_name = isinstance(name, str) and _TOKEN.fullmatch(name)
        wrong, hint = "", "name a header with letters, digits and -"
        if not is_name:
            wrong = f"is not a valid header name: {name}"
        elif part.schema.get("type") not in _PLAIN_TYPES or set(part.context[::2]) != {"properties"}:
            wrong, hint = "is allowed only on a string, an integer or a boolean", "remove it here"
        elif (key := (part.tool.index, name.lower())) in seen:
            wrong = f"has the same name as that of {seen[key]}: {name}"
        else:
            seen[key] = _steps(part, "{}")
        if wrong:
            lost.add(part.tool.index)
            message = f"{_HEADER} of {_named(part)} {wrong}"
            yield _problem(openapi, part, _HEADER, message, "tool-schema/header", hint)


def _problem(openapi: Document, part: Part, member: str, message: str, claim: str, hint: str) -> Problem:
    words = {
        "name": part.tool.name,
        "index": part.tool.index,
        "context": part.context,
        "type": part.schema.get("type"),
        "value": part.schema.get(member),
        "steps": _steps(part, "properties[{}]"),
    }
    where = Place(openapi, f"{part.where}/{member}" if member else part.where)
    return Problem(where, message, claim, hint, words)


def _named(part: Part) -> str:
    """What a person would call the schema."""
    return f"the argument {_steps(part, '{}')} of {part.tool.operation.title}"


def _steps(part: Part, form: str) -> str:
    """The names of the properties that lead to the schema, each in `form`."""
    keys, names = list(part.context), []
    while keys:
        if keys.pop(0) == "properties":
            names.append(form.format(keys.pop(0)))
    return ".".join(names)


def _shown(value: object) -> str:
    return str(value).lower()


RULE = Rule(openapi=check)
