"""An operation has different schemas for different success statuses.

The model is shown only one of the successful answers. Kiota, which Microsoft's tools use to make a plugin, takes the one with the lowest
status (microsoft/kiota, DivergentResponseSchema).

Bad:

    paths: {/todos: {post: {operationId: addTodo, summary: Add an entry., responses: {
      "200": {description: The entry, content: {application/json: {schema: {type: string}}}},
      "201": {description: Its number, content: {application/json: {schema: {type: integer}}}}}}}}

Good:

    paths: {/todos: {post: {operationId: addTodo, summary: Add an entry., responses: {
      "200": {description: The entry, content: {application/json: {schema: {type: string}}}},
      "201": {description: The new entry, content: {application/json: {schema: {type: string}}}}}}}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.operation import operations
from plugcli.openapi.payload import Payload, payloads
from plugcli.rules import Place, Problem, Problems, Rule

_SUCCESS = ("200", "201", "202", "203", "206")


def check(openapi: Document, host: Host) -> Problems:
    if "divergent-answers" not in host.claims:
        return
    answers: dict[str, list[Payload]] = {each.where: [] for each in operations(openapi)}
    for payload in payloads(openapi):
        if payload.status in _SUCCESS and "json" in payload.media_type:
            answers[payload.operation.where].append(payload)
    for where, found in answers.items():
        ordered = sorted(found, key=lambda each: each.status)
        other = next((each for each in ordered if each.schema != ordered[0].schema), None)
        if other is not None:
            first = ordered[0]
            message = (
                f"{first.operation.title} answers {other.status} with a different schema than {first.status}"
            )
            hint = f"use one schema for both: the model is shown only the schema of {first.status}"
            place = Place(openapi, f"{where}/responses/{other.status}", of_key=True)
            yield Problem(place, message, "divergent-answers", hint)


RULE = Rule(openapi=check)
