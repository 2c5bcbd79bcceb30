"""Fixes in documents of every layout: the finding goes, none comes, and no other line of the file is touched.

The documents are made here, with faults at known places, and written in random layouts by writers of our own: what a YAML library
writes would always look the same.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugcli.document import Document
from plugcli.finding import Report
from plugcli.fix import Fixed, fix
from plugcli.hosts import Host, all_hosts
from plugcli.plugin import Plugin, plugin_from_files
from plugcli.validate import validate

HOSTS: dict[str, Host] = {"chatgpt": all_hosts()["chatgpt"]}
MANIFEST = {
    "schema_version": "v1",
    "name_for_human": "Things",
    "name_for_model": "things",
    "description_for_human": "Keeps a list of things.",
    "description_for_model": "Keeps a list of things.",
    "auth": {"type": "none"},
    "api": {"type": "openapi", "url": "https://things.dev/openapi.yaml"},
    "logo_url": "https://things.dev/logo.png",
    "contact_email": "ada@things.dev",
    "legal_info_url": "https://things.dev/legal",
}
# What a line of a repaired file may be that was not there before, or was and is not any more.
CHANGED = re.compile(r"\s*(-\s*)?[\"']?(required|operationId)[\"']?\s*:|\s*- [^:#]*(#.*)?$")
WORDS = [
    "a thing",
    "it's",
    'say "x"',
    "required: true",
    "a: b # c",
    "- dash",
    "servers:",
    "trailing,",
    "naïve 待办",
    "true",
]
NAMES = ["todo", "user_id", "required", "properties", "yes", "200", "x y", "größe", "it's", "items"]

Data = dict[str, Any]


@dataclass(frozen=True)
class Style:
    """One layout, drawn once for a whole document; `pick` draws again at every place."""

    pick: Callable[[list[Any]], Any]
    indent: int
    dash: int
    newline: str
    has_mark: bool
    ends_with_newline: bool


@st.composite
def styles(draw: st.DrawFn) -> Style:
    return Style(
        lambda choices: draw(st.sampled_from(choices)),
        draw(st.sampled_from([2, 4])),
        draw(st.sampled_from([0, 2])),
        draw(st.sampled_from(["\n", "\r\n"])),
        draw(st.booleans()),
        draw(st.booleans()),
    )


@st.composite
def documents(draw: st.DrawFn) -> tuple[Data, Data]:
    """A document with faults, and what it must be afterwards."""
    word = st.sampled_from(WORDS)
    made: Data = {}
    fixed_schemas: Data = {}
    for name in draw(st.lists(st.sampled_from(["Thing", "List", "properties"]), unique=True, max_size=2)):
        made[name], fixed_schemas[name] = draw(objects(depth=2))
    before: Data = {"openapi": "3.0.1", "info": {"title": draw(word), "version": "v1"}, "paths": {}}
    after: Data = {"openapi": "3.0.1", "info": dict(before["info"]), "paths": {}}
    servers = [{"url": "https://things.dev", "x-note": "the server"}]
    if draw(st.booleans()):
        after["servers"] = servers
        place = draw(st.integers(0, 2))
        items = list(before["info"].items())
        before["info"] = dict([*items[:place], ("servers", servers), *items[place:]])
    else:
        before["servers"] = after["servers"] = servers
    for path in draw(st.lists(st.sampled_from(["/things", "/things/{id}", "/"]), unique=True, max_size=3)):
        operation: Data = {"summary": draw(word), "responses": {"200": {"description": draw(word)}}}
        if "{id}" in path:
            operation["parameters"] = [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
            ]
        name = {"/things": "getThings", "/things/{id}": "getThings", "/": "get"}[path]
        taken = [each["get"]["operationId"] for each in after["paths"].values()]
        name = name + "ById" * (name in taken and "{id}" in path)
        if name in taken:
            name += "2"
        if draw(st.booleans()):
            operation = {**operation, "operationId": f"op{len(taken)}"}
            name = f"op{len(taken)}"
        before["paths"][path] = {"get": operation}
        after["paths"][path] = {"get": {**operation, "operationId": name}}
    if made:
        before["components"], after["components"] = {"schemas": made}, {"schemas": fixed_schemas}
    return before, after


@st.composite
def objects(draw: st.DrawFn, depth: int) -> tuple[Data, Data]:
    """An object's schema whose properties may have the flag, and the same with a list instead."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=4))
    before, after, listed = {}, {}, draw(st.lists(st.sampled_from(names), unique=True))
    new = []
    for name in names:
        if depth and draw(st.integers(0, 3)) == 0:
            schema, fixed = draw(objects(depth=depth - 1))
        else:
            schema = {"type": "string", "description": draw(st.sampled_from(WORDS))}
            fixed = dict(schema)
        flag = draw(st.sampled_from([None, True, False]))
        if flag is not None and "required" not in schema and not (flag is False and name in listed):
            members = list(schema.items())
            place = draw(st.integers(0, len(members)))
            schema = dict([*members[:place], ("required", flag), *members[place:]])
            if flag and name not in listed:
                new.append(name)
        before[name], after[name] = schema, fixed
    head = {"type": "object"}
    old_list, new_list = (
        {"required": listed} if listed else {},
        {"required": [*listed, *new]} if listed or new else {},
    )
    if draw(st.booleans()):
        return {**head, **old_list, "properties": before}, {**head, **new_list, "properties": after}
    return {"properties": before, **old_list, **head}, {"properties": after, **new_list, **head}


def as_yaml(data: Data, style: Style) -> str:
    """A block style text with comments, quotes and blank lines as an author scatters them."""
    lines: list[str] = []

    def key(name: str) -> str:
        is_plain = (
            re.fullmatch(r"[A-Za-z/_{}]+", name) and name not in ("yes", "true") and not name.startswith("{")
        )
        kinds = ["'", '"', ""] if is_plain else ["'", '"']
        return quoted(name, style.pick(kinds))

    def quoted(text: str, quote: str) -> str:
        if quote == "'":
            return "'" + text.replace("'", "''") + "'"
        return json.dumps(text, ensure_ascii=False) if quote else text

    def scalar(value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        plain = re.fullmatch(r"[A-Za-z/][\w./-]*( [a-z]+)*|https://[\w.]+", value) and value not in (
            "yes",
            "true",
        )
        return quoted(value, style.pick(["'", '"', *([""] if plain else [])]))

    def remark(indent: int) -> None:
        kind = style.pick(["", "", "", "", "blank", "comment"])
        if kind:
            lines.append("" if kind == "blank" else " " * indent + "# required: true, servers: {x}")

    def tail() -> str:
        return str(style.pick(["", "", "", "  # why: because", "  "]))

    def write(value: Any, indent: int, lead: str = "") -> None:
        members = list(value.items()) if isinstance(value, dict) else [("", each) for each in value]
        for index, (name, each) in enumerate(members):
            start = lead if lead and index == 0 else " " * indent
            if not start.strip():
                remark(indent)
            if isinstance(value, list):
                if isinstance(each, dict):
                    write(each, indent + 2, " " * indent + "- ")
                else:
                    lines.append(f"{start}- {scalar(each)}{tail()}")
            elif isinstance(each, dict) and each:
                lines.append(f"{start}{key(name)}:{tail()}")
                write(each, indent + style.indent)
            elif (
                isinstance(each, list)
                and all(isinstance(one, str) for one in each)
                and style.pick([True, False])
            ):
                lines.append(f"{start}{key(name)}: [{', '.join(map(scalar, each))}]{tail()}")
            elif isinstance(each, list):
                lines.append(f"{start}{key(name)}:{tail()}")
                write(each, indent + style.dash)
            elif (
                isinstance(each, str)
                and name in ("summary", "description")
                and style.pick([True, False, False])
            ):
                lines.append(f"{start}{key(name)}: |-")
                lines.append(" " * (indent + 4) + each)
            else:
                lines.append(f"{start}{key(name)}: {'{}' if each == {} else scalar(each)}{tail()}")

    write(data, 0)
    return style.newline.join([*lines, ""] if style.ends_with_newline else lines)


def as_json(data: Data, style: Style) -> str:
    """A text as a JSON library writes it, in the indentation and with the spaces of this layout."""
    kind = style.pick(["lines", "lines", "one line", "no space"])
    if kind == "no space":
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    text = json.dumps(data, indent=style.indent if kind == "lines" else None, ensure_ascii=False)
    return (text + "\n" * style.ends_with_newline).replace("\n", style.newline)


def judged(files: dict[str, bytes]) -> tuple[Plugin, Report]:
    plugin = plugin_from_files(files, "here")
    return plugin, validate(plugin, HOSTS)


def fixed(text: str, style: Style, name: str) -> tuple[Report, Fixed]:
    mark = b"\xef\xbb\xbf" if style.has_mark else b""
    plugin, report = judged({"ai-plugin.json": json.dumps(MANIFEST).encode(), name: mark + text.encode()})
    return report, fix(plugin, report, HOSTS)


def counts(report: Report) -> Counter[tuple[str, str]]:
    return Counter((each.rule, each.message) for each in report.findings)


def check(before: Data, expected: Data, report: Report, done: Fixed) -> None:
    """The values are exactly the expected ones, and of the findings none is new."""
    assert done.plugin.openapi is not None
    assert expected == done.plugin.openapi.data
    assert () == done.refused
    assert counts(done.report) <= counts(report)
    assert (before == expected) == (done.texts == {})
    said = [each.message for each in done.report.findings]
    assert not [
        each for each in said if re.search("has no operationId|inside info|required is (true|false)", each)
    ]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(documents(), styles())
def test_yaml_is_fixed_and_nothing_else_is_touched(pair: tuple[Data, Data], style: Style) -> None:
    """Comments, quotes, blank lines and line ends are the author's, and stay; else nobody would dare to use --fix."""
    before, expected = pair
    text = as_yaml(before, style)
    assert before == Document.parse(text, "openapi.yaml").data
    report, done = fixed(text, style, "openapi.yaml")
    check(before, expected, report, done)
    _, after = done.texts.get("openapi.yaml", ("", text))

    def kept(lines: list[str]) -> list[str]:
        # Of `servers` the indentation and the place may change.
        block = re.compile(r"\s*[\"']?(servers[\"']?:|(- )?[\"']?url\b|.*the server|#)")
        return [each for each in lines if not CHANGED.match(each) and not block.match(each) and each.strip()]

    assert kept(text.split(style.newline)) == kept(after.split(style.newline))
    assert Counter(re.findall("#[^\r\n]*", text)) == Counter(re.findall("#[^\r\n]*", after))
    assert after.endswith("\n") or not text.endswith("\n")
    assert style.newline == "\r\n" or "\r" not in after
    assert style.newline == "\n" or not re.search(r"(?<!\r)\n", after)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(documents(), styles())
def test_json_is_fixed_in_its_own_layout(pair: tuple[Data, Data], style: Style) -> None:
    """A file that a JSON library wrote is, after the fixes, what that library would have written."""
    before, expected = pair
    text = as_json(before, style)
    report, done = fixed(text, style, "openapi.json")
    check(before, expected, report, done)
    _, after = done.texts.get("openapi.json", ("", text))
    inside = re.compile(r'"(?:[^"\\]|\\.)*"')
    assert ("\n" in text) == ("\n" in after)
    signs = inside.sub('"', after)
    if "\n" not in text:
        spaces = {" " if ": " in inside.sub('"', text) else ""}
        assert spaces == set(re.findall(r"(?<=[:,])( ?)(?=[\"\[{tfn])", signs))
        return
    # Each member on a line of its own, at the depth where it belongs; a list of names may stand on one line.
    assert ("\r" in text) == ("\r" in after)
    depth = 0
    for line in signs.replace("\r", "").rstrip().split("\n"):
        depth -= line.lstrip()[:1] in ("}", "]")
        assert style.indent * depth == len(line) - len(line.lstrip())
        depth += line.endswith(("{", "["))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data(), styles())
def test_trailing_commas_go_and_nothing_else(data: st.DataObject, style: Style) -> None:
    """A comma in a text is none; and what was in the file is in it still, but the commas."""
    words = data.draw(st.lists(st.sampled_from([*WORDS, ",}", "[1,]", '\\",', "\\"]), min_size=1, max_size=4))
    manifest = {**MANIFEST, "name_for_human": words[0][:20], "x": {"words": words, "empty": []}}
    good = as_json(manifest, style)
    inside = re.compile(r'("(?:[^"\\]|\\.)*")|(?<=[\]"}])(\s*[\]}])')
    bad = inside.sub(lambda found: found[1] or data.draw(st.sampled_from(["", ",", " ,"])) + found[2], good)
    files = {
        "ai-plugin.json": bad.encode(),
        "openapi.yaml": b"openapi: 3.0.1\ninfo: {title: T, version: '1'}\npaths: {}\n",
    }
    plugin, report = judged(files)
    done = fix(plugin, report, HOSTS)
    assert done.plugin.manifest is not None
    assert manifest == done.plugin.manifest.data
    assert (bad == good) == (done.texts == {})
    if done.texts:
        _, after = done.texts["ai-plugin.json"]
        assert bad.replace(",", "").replace(" ", "") == after.replace(",", "").replace(" ", "")
        assert bad.replace(" ,", " ") == after.replace(" ,", " ") or len(after) < len(bad)
