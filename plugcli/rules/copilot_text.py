"""A string in a Microsoft 365 Copilot manifest is blank, or longer than the host reads.

A name needs at least one visible character, and strings should have at most 4,000 characters unless another limit is given for
them (MicrosoftDocs/m365copilot-docs, plugin manifest: string length). `text-length` checks the plugin's names and descriptions.

Bad:

    $ plugcli validate --for m365-copilot appPackage
    appPackage/ai-plugin.json:4:21: warning: name_for_human is blank [copilot-text]
      4 |   "name_for_human": " ",
        |                     ^

Good:

    $ plugcli validate --for m365-copilot appPackage
    appPackage: Microsoft 365 Copilot accepts it (no errors, no warnings)
"""

from collections.abc import Iterator
from typing import Any

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule, measured

# A whole OpenAPI document in a string.
_DOCUMENT = "api_description"
_NAME = "give the name that users see, for example Todo list"


def check(manifest: Document, host: Host) -> Problems:
    name = manifest.data.get("name_for_human")
    if isinstance(name, str) and not name.strip():
        yield Problem(
            Place(manifest, "/name_for_human"), "name_for_human is blank", "copilot-text/blank", _NAME
        )
    for path, text in _texts(manifest.data):
        limited = path[-1] == _DOCUMENT or (len(path) == 1 and path[0] in host.limits)
        for limit in () if limited else host.limits.get("manifest text", ()):
            if len(text) > limit.most:
                name = path[-1] if not path[-1].isdecimal() else f"{path[-2]}[{path[-1]}]"
                message = f"{name} has {len(text):,} characters, {len(text) - limit.most:,} more than {limit.most:,}"
                yield Problem(Place(manifest, pointer.join(*path)), message, limit.claim, "shorten it")


def _texts(data: dict[str, Any]) -> Iterator[tuple[list[str], str]]:
    waiting: list[tuple[list[str], Any]] = [([], data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict):
            waiting += (([*path, key], each) for key, each in value.items())
        elif isinstance(value, list):
            waiting += (([*path, str(index)], each) for index, each in enumerate(value))


RULE = Rule(manifest=check, dialects=("m365-copilot",), asks=measured("manifest text"))
