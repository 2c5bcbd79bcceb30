"""An object has the same key twice.

Parsers keep the last value and silently lose the first: an approved plugin had two `paths:`, and its host never saw the first.
Some YAML parsers refuse the whole document. js-yaml does, and it treats `404` with and without quotes as one key.

Bad:

    info: {title: Todo, version: "1", title: Todo list}

Good:

    info: {title: Todo list, version: "1"}
"""

from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule


def check(plugin: Plugin, host: Host) -> Problems:
    for document in filter(None, (plugin.manifest, plugin.openapi)):
        for again in document.duplicates():
            message = f"duplicate key {again.key}: the value at line {again.first.line} is lost"
            place = Place(document, again.pointer, position=again.position)
            stricter = "duplicate-keys/yaml" if again.alike else "duplicate-keys/quotes"
            claim = stricter if document.is_yaml and stricter in host.claims else "duplicate-keys"
            yield Problem(place, message, claim, "keep one of them")


RULE = Rule(plugin=check, is_of_any_version=True)
