"""Fixes one by one: what a file looks like afterwards, and where none is offered because it might be wrong."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugcli.finding import Report
from plugcli.fix import Fixed, fix
from plugcli.fix.edit import Edit, Unsure, apply, way_back
from plugcli.hosts import Claim, all_hosts
from plugcli.plugin import Plugin, plugin_from_files
from plugcli.validate import validate

HOSTS = {"chatgpt": all_hosts()["chatgpt"]}
HEAD = "openapi: 3.0.1\ninfo:\n  title: T\n  version: '1'\n"


def judged(text: str, name: str = "openapi.yaml") -> tuple[Plugin, Report]:
    plugin = plugin_from_files({name: text.encode()}, "here")
    return plugin, validate(plugin, HOSTS)


def fixed(text: str, name: str = "openapi.yaml") -> Fixed:
    return fix(*judged(text, name), HOSTS)


def after(text: str, name: str = "openapi.yaml") -> str:
    """The text of the file after its fixes."""
    return fixed(text, name).texts.get(name, ("", text))[1]


def schema(text: str) -> str:
    """A document with one schema, A, whose members these lines are."""
    lines = "".join(f"      {line}\n" if line else "\n" for line in text.splitlines())
    return f"{HEAD}paths: {{}}\ncomponents:\n  schemas:\n    A:\n{lines}"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (
            "type: object\nproperties:\n  a:\n    type: string\n    required: true # why\n",
            "type: object\nrequired:\n  - a\nproperties:\n  a:\n    type: string\n    # why\n",
        ),
        (
            "required:\n- b # keep\nproperties:\n  a:\n    required: true\n    type: string\n  b: {}\n",
            "required:\n- b # keep\n- a\nproperties:\n  a:\n    type: string\n  b: {}\n",
        ),
        (
            "required: ['b', ]\nproperties:\n  it's:\n    required: true\n    type: string\n  b: {}\n",
            "required: ['b', 'it''s', ]\nproperties:\n  it's:\n    type: string\n  b: {}\n",
        ),
        (
            "required: []\nproperties:\n  'yes':\n    type: string\n    required: true\n",
            "required: [\"yes\"]\nproperties:\n  'yes':\n    type: string\n",
        ),
        (
            "# about them\nproperties:\n  a:\n    type: string\n    required: false\n",
            "# about them\nproperties:\n  a:\n    type: string\n",
        ),
        (
            "type: object\n# about them\nproperties:\n  a:\n    type: string\n    required: true\n",
            "type: object\nrequired:\n  - a\n# about them\nproperties:\n  a:\n    type: string\n",
        ),
        (
            (
                "properties:\n  a:\n    required: true\n    type: object\n    properties:\n      b:\n        type: string\n"
                "        required: true\n"
            ),
            (
                "required:\n  - a\nproperties:\n  a:\n    type: object\n    required:\n      - b\n    properties:\n"
                "      b:\n        type: string\n"
            ),
        ),
        (
            "properties:\n  required:\n    type: string\n    required: true\n  properties:\n    type: string\n    required: true\n",
            "required:\n  - required\n  - properties\nproperties:\n  required:\n    type: string\n  properties:\n    type: string\n",
        ),
    ],
    ids=["new", "block", "flow", "empty", "false", "comment", "nested", "names"],
)
def test_required_flag_becomes_a_name_in_the_list(before: str, expected: str) -> None:
    """In the list's own style, with every comment kept."""
    assert schema(expected) == after(schema(before))


@pytest.mark.parametrize(
    "text",
    [
        "properties:\n  a: {type: string, required: true}\n",
        "properties:\n  a:\n    required: true\n",
        "properties:\n  a: &a\n    type: string\n    required: true\n  b: *a\n",
        "required: [a]\nproperties:\n  a:\n    type: string\n    required: false\n",
        "required: a\nproperties:\n  a:\n    type: string\n    required: true\n",
        "required: true\nproperties:\n  a:\n    type: string\n    required: true\n",
        "properties:\n  a:\n    type: string\n    ? required\n    : true\n",
        "properties:\n  a:\n    type: string\n    required: 'true'\n",
        "allOf:\n- properties:\n    a:\n      type: string\n      required: true\n",
        "example:\n  properties:\n    a:\n      type: string\n      required: true\n",
    ],
    ids=[
        "flow",
        "alone",
        "anchor",
        "contradiction",
        "text",
        "flagged",
        "long-key",
        "quoted",
        "dash",
        "example",
    ],
)
def test_required_flag_stays_where_a_fix_could_be_wrong(text: str) -> None:
    """The finding stays, and with it the author's own decision."""
    assert {} == fixed(schema(text)).texts


def test_servers_move_to_the_top_level_with_their_comments() -> None:
    """In the middle of `info`, over several lines, with what is behind them left where it is."""
    servers = "  servers:\n    # ours\n    - url: https://a.dev # here\n      description: |\n        One\n\n        two\n"
    tail = "  # the version\n  version: '1'\n"
    before = f"openapi: 3.0.1\ninfo:\n  title: T\n{servers}{tail}paths: {{}}\n"
    moved = servers.replace("\n  ", "\n").removeprefix("  ")
    assert f"openapi: 3.0.1\ninfo:\n  title: T\n{tail}{moved}paths: {{}}\n" == after(before)


def test_servers_at_the_end_of_info_only_lose_their_indentation() -> None:
    """Nothing moves that need not, also at the end of a file without a last line break."""
    before = "openapi: 3.0.1\npaths: {}\ninfo:\n    title: T\n    version: '1'\n    servers: [{url: https://a.dev}]"
    assert before.replace("    servers", "servers") == after(before)


@pytest.mark.parametrize(
    "info",
    [
        "{title: T, version: '1', servers: [{url: https://a.dev}]}",
        "\n  servers:\n  - url: https://a.dev",
        "&i\n  title: T\n  servers:\n  - url: https://a.dev",
        "\n  title: T\n  servers:\n  - url: https://a.dev\nservers: []",
    ],
    ids=["flow", "alone", "anchor", "another"],
)
def test_servers_stay_where_a_fix_could_be_wrong(info: str) -> None:
    """Above all where there are other servers: which of them are meant is the author's to say."""
    assert {} == fixed(f"openapi: 3.0.1\ninfo: {info}\npaths: {{}}\n").texts


def test_operation_gets_an_id_of_its_own_in_the_file_s_quotes() -> None:
    """Names that are taken are not taken twice: the path's parameters tell two operations apart, else a number."""
    paths = """paths:
  /a/{id}: # one
    get:  # it
      # about the summary
      "summary": one
      responses: {}
  /a:
    get:
      summary: two
      responses: {}
    post: {responses: {}}
    put:
      operationId: getAById
      responses: {}
"""
    text = after(HEAD + paths).removeprefix(HEAD)
    assert '    get:  # it\n      "operationId": "getA"\n      # about the summary\n' in text
    assert "  /a:\n    get:\n      operationId: getA2\n      summary: two\n" in text
    assert "    post: {responses: {}}\n" in text


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ('{"a":{"summary":"x","b":1}}', '{"a":{"operationId":"getA","summary":"x","b":1}}'),
        ('{ "a" : { "summary" : "x" } }', '{ "a" : { "operationId" : "getA", "summary" : "x" } }'),
        (
            '{\n\t"a": {\n\t\t"summary": "x"\n\t}\n}',
            '{\n\t"a": {\n\t\t"operationId": "getA",\n\t\t"summary": "x"\n\t}\n}',
        ),
        ('{"a": {}}', '{"a": {}}'),
    ],
    ids=["dense", "spaces", "tabs", "empty"],
)
def test_json_keeps_its_spaces(before: str, expected: str) -> None:
    """Tabs, no space at all, spaces on both sides of a colon."""

    def document(paths: str) -> str:
        return f'{{"openapi":"3.0.1","paths":{{"/a":{paths}}}}}'.replace('"a"', '"get"')

    assert document(expected) == after(document(before), "openapi.json")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": [1, 2,], "b": {"c": 1 ,\r\n},}', '{"a": [1, 2], "b": {"c": 1 \r\n}}'),
        (r'{"a": ",}", "b": "\\",}', r'{"a": ",}", "b": "\\"}'),
        ('{"a": [1,,]}', None),
        ('{"a": [,]}', None),
        ('{"a": 1, // no\n}', None),
        ('{"a": "never closed,}', None),
        ("{'a': 1,}", None),
    ],
    ids=["all", "strings", "two", "nothing", "comment", "open", "quotes"],
)
def test_trailing_commas_go_only_where_nothing_else_is_wrong(text: str, expected: str | None) -> None:
    """Half of a repair is none: the file must be JSON afterwards."""
    plugin = plugin_from_files({"ai-plugin.json": text.encode()}, "here")
    done = fix(plugin, validate(plugin, HOSTS), HOSTS)
    assert expected == done.texts.get("ai-plugin.json", ("", None))[1]


def test_what_a_trailing_comma_hid_is_fixed_in_the_same_run() -> None:
    """A document that only a YAML reader takes: first the comma, then what is wrong inside."""
    text = '{"openapi": "3.0.1", "paths": {"/a": {"get": {"responses": {},},},}}'
    done = fixed(text, "openapi.json")
    assert (
        '{"openapi": "3.0.1", "paths": {"/a": {"get": {"operationId": "getA", "responses": {}}}}}'
        == (done.texts["openapi.json"][1])
    )
    assert [("openapi-syntax", 1), ("operation-id", 1)] == [(each.rule, each.line) for each in done.fixes]


def test_fixes_are_told_with_the_lines_of_the_file_on_the_disk() -> None:
    """Whoever looks a fix up has the file as it was: no line of a text in between, which nobody has ever seen."""
    flags = "      type: object\n      properties:\n        a:\n          type: string\n          required: true\n"
    text = (
        "openapi: 3.0.1\ninfo:\n  title: T\n  servers:\n  - url: https://a.dev\n    description: D\n  version: '1'\n"
        f"components:\n  schemas:\n    A:\n{flags}paths:\n  /a:\n    get:\n      responses: {{}}\n"
    )
    assert [("servers", 4), ("operation-id", 18)] == [
        (each.rule, each.line) for each in fixed(text).fixes if each.rule != "openapi-schema"
    ]
    assert [12] == [each.line for each in fixed(text).fixes if each.rule == "openapi-schema"]
    commas = '{"openapi": "3.0.1", "x": [\n1,\n],\n"paths": {"/a": {\n"get": {"responses": {},}}}}'
    assert [("openapi-syntax", 2), ("operation-id", 5)] == [
        (each.rule, each.line) for each in fixed(commas, "openapi.json").fixes
    ]


@given(
    st.text("ab\n", max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.text("xyz", max_size=4)), max_size=5),
)
def test_what_edits_leave_is_found_where_it_was(text: str, changes: list[tuple[int, int, str]]) -> None:
    """Each character that stays has its way back to its own place, whatever was put or cut around it."""
    edits = [
        Edit(start, min(length, len(text) - start), new)
        for start, length, new in changes
        if start <= len(text)
    ]
    try:
        done = apply(text, edits)
    except Unsure:
        return
    before = way_back(edits)
    assert all(letter == text[before(offset)] for offset, letter in enumerate(done) if letter in "ab\n")
    places = [before(offset) for offset in range(len(done))]
    assert sorted(places) == places


def test_name_with_half_of_a_surrogate_pair_is_fixed_with_its_escape() -> None:
    """JSON can name what UTF-8 cannot: the list of required names has it as the property has it."""
    flag = '{"type": "object", "properties": {"\\ud800": {"type": "string", "required": true}}}'
    operation = '{"requestBody": {"content": {"application/json": {"schema": ' + flag + "}}}}"
    text = '{"openapi": "3.0.1", "paths": {"/a": {"post": ' + operation + "}}}"
    plugin = plugin_from_files({"openapi.json": text.encode()}, "here")
    done = fix(plugin, validate(plugin, all_hosts()), all_hosts())
    assert (
        '"required": ["\\ud800"], "properties": {"\\ud800": {"type": "string"}}'
        in done.texts["openapi.json"][1]
    )


def test_repaired_manifest_leads_to_its_document() -> None:
    """`api.url` cannot be read before: the document that it names is the one that counts."""
    manifest = '{"name_for_model": "a", "api": {"url": "https://a.dev/spec/v2.yaml"},}'
    files = {"ai-plugin.json": manifest.encode(), "spec/v2.yaml": f"{HEAD}paths: {{}}\n".encode()}
    plugin = plugin_from_files(files, "here")
    done = fix(plugin, validate(plugin, HOSTS), HOSTS)
    assert plugin.openapi is None
    assert done.plugin.openapi is not None
    assert "spec/v2.yaml" == done.plugin.openapi.name


def test_document_with_a_key_twice_is_left_alone() -> None:
    """Which of the two the author meant is not known, and the place of a fix is in one of them."""
    text = HEAD + "paths:\n  /a:\n    get:\n      summary: x\n      summary: y\n      responses: {}\n"
    assert {} == fixed(text).texts


def test_fix_after_which_a_host_finds_more_errors_is_refused() -> None:
    """What stood where nobody reads it may be worse than nothing: then the author has to choose, and is told."""
    chatgpt = all_hosts()["chatgpt"]
    strict = replace(
        chatgpt, claims={**chatgpt.claims, "servers/form": Claim("enforced", "only in this test")}
    )
    text = "openapi: 3.0.1\ninfo:\n  title: T\n  version: '1'\n  servers:\n  - url: http://a.dev\npaths: {}\n"
    plugin = plugin_from_files({"openapi.yaml": text.encode()}, "here")
    assert fix(plugin, validate(plugin, HOSTS), HOSTS).texts
    done = fix(plugin, validate(plugin, {"chatgpt": strict}), {"chatgpt": strict})
    assert ({}, ()) == (done.texts, done.fixes)
    assert ["not done, because ChatGPT would then find more errors: servers is now at the top level"] == [
        each.message for each in done.refused
    ]
