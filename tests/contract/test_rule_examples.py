"""The examples in the rules' documentation, held to be true: the bad one is found by its rule, the good one by none.

An example stands indented under `Bad:` or `Good:` at the end of a rule's docstring. It is a part of a plugin that has nothing
wrong with it: members of the manifest as JSON, without the braces around them, or top-level members of the OpenAPI document as YAML.
They take the place of the same members there, so that an example shows nothing but its point. A line that starts with `$ ` makes it a
transcript, for rules about servers and files that are not there; those have their cases in `rules/`.
"""

import json
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from plugcli.finding import Finding
from plugcli.hosts import all_hosts
from plugcli.plugin import plugin_from_files
from plugcli.rules import all_rules, documentation
from plugcli.validate import validate

SOUND = Path(__file__).parent / "rules" / "manifest-syntax" / "good-json"
MANIFEST = json.loads((SOUND / ".well-known/ai-plugin.json").read_text())
OPENAPI = yaml.safe_load((SOUND / "openapi.yaml").read_text())


def example(rule: str, heading: str) -> str:
    """The text under `Bad:` or `Good:`, without its indentation."""
    found = re.search(
        rf"^{heading}:\n\n((?:(?: {{4}}.*)?\n)+)", documentation(rule).text + "\n", re.MULTILINE
    )
    assert found, f"{rule} has no {heading} example"
    return "".join(line.removeprefix("    ") for line in found[1].splitlines(keepends=True)).strip("\n")


def files(text: str) -> dict[str, bytes]:
    """The sound plugin with `text` in it."""
    manifest, openapi = dict(MANIFEST), dict(OPENAPI)
    if text.startswith('"'):
        for name in re.findall(r'^"([^"]+)"\s*:', text, re.MULTILINE):
            manifest.pop(name, None)
        rest = json.dumps(manifest, indent=2)[1:-1].strip()
        whole = f"{{\n{text}\n}}" if not rest else f"{{\n{rest},\n{text}\n}}"
        return {
            ".well-known/ai-plugin.json": whole.encode(),
            "openapi.yaml": yaml.safe_dump(openapi).encode(),
        }
    for name in re.findall(r"^([\w-]+)\s*:", text, re.MULTILINE):
        openapi.pop(name, None)
    whole = yaml.safe_dump(openapi, sort_keys=False) if openapi else ""
    return {
        ".well-known/ai-plugin.json": json.dumps(manifest).encode(),
        "openapi.yaml": f"{whole}{text}\n".encode(),
    }


def findings(text: str) -> list[Finding]:
    """What all hosts say of the sound plugin with `text` in it."""
    return list(validate(plugin_from_files(files(text), "example"), all_hosts()).findings)


@cache
def usual() -> set[tuple[str, str]]:
    """The rules by which each host minds the sound plugin itself.

    One host takes only OpenAPI 3.0, another has a manifest of its own: no plugin has nothing wrong for all of them.
    """
    return {(each.rule, each.host) for each in findings("x-sound: true")}


@pytest.mark.parametrize("rule", all_rules())
def test_bad_example_is_found_by_its_rule(rule: str) -> None:
    """An example that the rule does not find teaches something false."""
    text = example(rule, "Bad")
    if not text.startswith("$ "):
        assert rule in {each.rule for each in findings(text)}


@pytest.mark.parametrize("rule", all_rules())
def test_good_example_is_good(rule: str) -> None:
    """Who writes what the documentation calls good must not hear of this rule again."""
    text = example(rule, "Good")
    if not text.startswith("$ "):
        found = {(each.rule, each.host) for each in findings(text)} - usual()
        assert rule not in {name for name, _ in found}


def test_sound_plugin_has_nothing_wrong_for_the_host_it_was_made_for() -> None:
    """Else an example could pass by what the rest of the plugin does."""
    found = validate(
        plugin_from_files(files("info: {title: Todo, version: '1'}"), "example"),
        {"chatgpt": all_hosts()["chatgpt"]},
    )
    assert () == found.findings
