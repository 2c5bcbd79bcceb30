"""The OpenAPI document does not say what the API is for.

Tools copy `info.description` into the description of the plugin, and from that the model decides whether it needs the plugin at all
(MicrosoftDocs/m365copilot-docs, OpenAPI document guidance).

Bad:

    info: {title: Todo, version: "1"}

Good:

    info: {title: Todo, version: "1", description: Manages the user's todos.}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    text = openapi.get("info", "description")
    if isinstance(openapi.data.get("info"), dict) and not (isinstance(text, str) and text.strip()):
        hint = "say in a sentence or two what the API does, and for whom"
        yield Problem(
            Place(openapi, "/info", of_key=True), "info has no description", "info-description", hint
        )


RULE = Rule(openapi=check)
