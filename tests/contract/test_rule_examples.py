"""The examples in the rules' documentation are true: a rule finds its bad example, and does not report its good one.

An example is indented under `Bad:` or `Good:` at the end of a rule's docstring. It is part of a plugin that is otherwise sound: members
of the manifest as JSON, without the braces around them, or top-level members of the OpenAPI document as YAML. They replace the same
members of that plugin. An example that starts with `$ ` is a transcript and is not run: rules about servers and about missing files have
their cases in `rules/`.
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
from plugcli.rules import all_rules, documentation, rules_for
from plugcli.validate import validate

SOUND = Path(__file__).parent / "rules" / "manifest-syntax" / "good-json"
MANIFEST = json.loads((SOUND / ".well-known/ai-plugin.json").read_text())
OPENAPI = yaml.safe_load((SOUND / "openapi.yaml").read_text())


def example(rule: str, heading: str) -> str:
    """The text under `Bad:` or `Good:`, without its indentation."""
    found = re.search(
        rf"^{heading}:\n\n((?:(?: {{4}}.*)?\n)+)", documentation(rule).text + "\n", re.MULTILINE
    )
    assert found, (
        f"the docstring of {rule} has no example: write `{heading}:`, an empty line, and indented lines"
    )
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
    """What all hosts report about the sound plugin with `text` in it."""
    return list(validate(plugin_from_files(files(text), "example"), all_hosts()).findings)


@cache
def usual() -> set[tuple[str, str]]:
    """The rules that report something about the sound plugin itself, each with its host.

    One host takes only OpenAPI 3.0, and another has its own format of manifest: no plugin is sound for all of them.
    """
    return {(each.rule, each.host) for each in findings("x-sound: true")}


@pytest.mark.parametrize("rule", all_rules())
def test_bad_example_is_found_by_its_rule(rule: str) -> None:
    """An example that the rule does not find teaches something false."""
    text = example(rule, "Bad")
    if not text.startswith("$ "):
        found = {each.rule for each in findings(text)}
        assert rule in found, _why_not_found(rule, found)


def _why_not_found(rule: str, found: set[str]) -> str:
    """What to do about a bad example without a finding of its rule."""
    if not any(rule in rules_for(host) for host in all_hosts().values()):
        return f'no host reports what {rule} finds: add a claim "{rule}" to plugcli/hosts/<host>.py'
    return f"{rule} does not find its own bad example (rules that do: {', '.join(sorted(found)) or 'none'}): change the example"


@pytest.mark.parametrize("rule", all_rules())
def test_good_example_is_good(rule: str) -> None:
    """An author who follows the good example must not get a finding of this rule."""
    text = example(rule, "Good")
    if not text.startswith("$ "):
        found = {(each.rule, each.host) for each in findings(text)} - usual()
        assert rule not in {name for name, _ in found}, (
            f"{rule} reports its own good example: change the example"
        )


def test_sound_plugin_has_nothing_wrong_for_the_host_it_was_made_for() -> None:
    """Otherwise a bad example could pass because of the rest of the plugin."""
    found = validate(
        plugin_from_files(files("info: {title: Todo, version: '1'}"), "example"),
        {"chatgpt": all_hosts()["chatgpt"]},
    )
    assert () == found.findings
