"""An object has a key twice.

Readers keep the last value and lose the first without a word: an approved plugin had two `paths:`, and its host never saw the
first. Some readers of YAML refuse the whole document: js-yaml does, to which `404` with and without quotes is one key.

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
            message = f"the key {again.key} is here again: the value at line {again.first.line} is lost"
            place = Place(document, again.pointer, position=again.position)
            stricter = "duplicate-keys/yaml" if again.alike else "duplicate-keys/quotes"
            claim = stricter if document.is_yaml and stricter in host.claims else "duplicate-keys"
            yield Problem(place, message, claim, "keep one of them")


RULE = Rule(plugin=check, is_of_any_version=True)
