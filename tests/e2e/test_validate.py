"""`plugcli validate` as a user runs it: real processes, real files, exit codes, and the frozen JSON form."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).parents[1] / "contract" / "rules"
GOOD = CASES / "manifest-syntax" / "good-json"
BAD = CASES / "manifest-syntax" / "bad-trailing-comma"
WARNED = CASES / "openapi-schema" / "bad-required-true"


def plugcli(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    quiet = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-m", "plugcli", "validate", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**quiet, **environment},
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("target", "status"),
    [(GOOD, 0), (WARNED, 0), (BAD, 1), (GOOD / "openapi.yaml", 0), (BAD / ".well-known/ai-plugin.json", 1)],
)
def test_exit_status_is_1_exactly_with_an_error(target: Path, status: int, form: str) -> None:
    """CI reads nothing else; and the same plugin must not pass in one format and fail in the other."""
    done = plugcli(str(target), "--format", form)
    assert (status, "") == (done.returncode, done.stderr)


def test_json_form_is_the_frozen_one() -> None:
    """Version 1: tools that read it must never break, not by a member more or less."""
    done = plugcli(str(BAD), str(WARNED), "--format", "json")
    assert 1 == done.returncode
    value = json.loads(done.stdout)
    assert ["version", "targets"] == list(value)
    assert 1 == value["version"]
    assert [str(BAD), str(WARNED)] == [each["target"] for each in value["targets"]]
    for target in value["targets"]:
        assert ["target", "verdicts", "findings"] == list(target)
        for verdict in target["verdicts"]:
            assert ["host", "verdict", "errors", "warnings"] == list(verdict)
            assert verdict["verdict"] in ("accepts", "accepts_with_losses", "refuses", "not_judged")
        for finding in target["findings"]:
            check_finding(finding)
    first = value["targets"][0]
    assert {"host": "chatgpt", "verdict": "refuses", "errors": 1, "warnings": 0} == first["verdicts"][0]
    assert {
        "rule": "manifest-syntax",
        "host": "chatgpt",
        "severity": "error",
        "basis": "enforced",
        "file": str(BAD / ".well-known/ai-plugin.json"),
        "line": 16,
        "column": 53,
        "pointer": "",
        "message": "trailing comma before }",
        "host_says": None,
        "hint": "remove the comma",
    } == first["findings"][0]
    second = value["targets"][1]["findings"][0]
    assert "/components" not in second["pointer"]
    assert ("openapi-schema", "warning", None) == (second["rule"], second["severity"], second["host_says"])


def check_finding(finding: dict[str, Any]) -> None:
    expected = {
        "rule": str, "host": str, "severity": str, "basis": str, "file": str, "line": int, "column": int,
        "pointer": str, "message": str, "host_says": (str, type(None)), "hint": str,
    }  # fmt: skip
    assert list(expected) == list(finding)
    for name, kind in expected.items():
        assert isinstance(finding[name], kind), name  # type: ignore[arg-type]  # a type or a tuple of them
    assert finding["severity"] in ("error", "warning", "note")
    assert finding["basis"] in ("enforced", "documented", "review", "observed")


def test_no_target_is_the_current_folder() -> None:
    """The author stands in the plugin's folder most of the time."""
    done = plugcli(cwd=GOOD)
    assert (0, ".: ChatGPT (closed in April 2024) accepts it (no errors, no warnings)\n") == (
        done.returncode,
        done.stdout,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing"], "'missing' does not exist"),
        ([""], "'' does not exist"),
        (["--", "-"], "plugcli does not read a target from standard input"),
        (["localhost:5003"], "if it is a URL, write http://localhost:5003"),
        ([str(GOOD), "missing"], "'missing' does not exist"),
        (["http://["], "'http://[' is not a valid URL"),
        (["https://"], "'https://' is not a valid URL"),
        (["--for", "nobody", "."], "unknown host 'nobody'"),
        (["--format", "xml", "."], "unknown format 'xml'"),
        (["--colour"], "No such option"),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_wrong_usage_is_status_2_and_a_sentence(arguments: list[str], words: str, form: str) -> None:
    """A target that does not exist is the user's slip, not a fault of a plugin: CI must tell them apart."""
    options = [] if "--format" in arguments else ["--format", form]
    done = plugcli(*options, *arguments)
    assert 2 == done.returncode
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "" == done.stdout


def test_link_that_leads_nowhere_is_called_that(tmp_path: Path) -> None:
    """Whoever sees the name in the folder would not believe that it does not exist."""
    (tmp_path / "old").symlink_to("moved")
    done = plugcli("old", cwd=tmp_path)
    assert (2, "error: 'old' is a symbolic link to a file that does not exist\n") == (
        done.returncode,
        done.stderr,
    )


def test_plugin_that_is_named_twice_is_judged_once(tmp_path: Path) -> None:
    """A commit hook and a pattern of the shell name folders, their files and links: counts of findings must not depend on that."""
    (tmp_path / "good").symlink_to(GOOD)
    names = [".well-known/ai-plugin.json", "openapi.yaml"]
    done = plugcli("good", "good/", "./good", str(GOOD), *(str(GOOD / name) for name in names), cwd=tmp_path)
    assert (0, 1) == (done.returncode, len(done.stdout.splitlines()))
    assert done.stdout.startswith("good: ")


def nonsense(folder: Path, name: str) -> Path:
    """Make one thing that is no plugin, and return it."""
    path = folder / name
    if name == "pipe":
        os.mkfifo(path)
    elif name == "empty-folder":
        path.mkdir()
    elif name == "ai-plugin.json":
        (path / "inside").mkdir(parents=True)
    elif name == "many":
        path.mkdir()
        for number in range(1000):
            (path / f"{number}.json").write_text("{}")
    elif name == "big.json":
        with path.open("wb") as file:
            file.truncate(100_000_000)
    elif name == "loop":
        path.symlink_to(path)
    elif name == "broken-link":
        path.symlink_to("nowhere")
    else:
        path.write_bytes(NONSENSE[name])
    return path


LAUGHS = "\n".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10))
NONSENSE = {
    "binary.json": Path(sys.executable).read_bytes()[:100_000],
    "empty.json": b"",
    "deep.json": b'{"openapi": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep.yaml": b"openapi: " + b"[" * 100_000,
    "deep-list.yaml": b"openapi:\n  " + b"- " * 100_000 + b"x",
    "laughs.yaml": f"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n{LAUGHS}\n".encode(),
    "latin-1.yaml": b"openapi: 3.1.0\ninfo: {title: Caf\xe9}\n",
    "utf-16.json": '{"openapi": "3.1.0"}'.encode("utf-16"),
    "nul.yaml": b"openapi: 3.1.0\n\0\0\0\n",
    "list.yaml": b"- openapi: 3.1.0\n",
    "number.json": b"42",
}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        *[(name, 1) for name in NONSENSE],
        ("empty-folder", 1),
        ("ai-plugin.json", 1),
        ("many", 1),
        ("pipe", 3),
        ("big.json", 3),
        ("broken-link", 2),
        ("loop", 2),
    ],
)
def test_nonsense_is_a_sentence_never_a_traceback(tmp_path: Path, name: str, status: int) -> None:
    """Whatever is named, the user learns what is wrong with it: within seconds, and within little memory."""
    path = nonsense(tmp_path, name)
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)); "
    limited += "sys.argv[:] = ['plugcli', *sys.argv[1:]]; runpy.run_module('plugcli', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", limited, "validate", str(path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (status, "Traceback" in done.stderr) == (done.returncode, False), done.stderr
    said = done.stdout if status == 1 else done.stderr
    assert "error: " in said


def test_device_without_end_is_refused() -> None:
    """/dev/zero would fill the memory."""
    done = plugcli("/dev/zero")
    assert (3, "error: cannot read /dev/zero: it is neither a file nor a folder\n") == (
        done.returncode,
        done.stderr,
    )


def test_deeply_nested_schema_is_judged_in_time(tmp_path: Path) -> None:
    """Judging each level twice, as the schemas are written, would double the time with each of 90 levels."""
    schema: dict[str, Any] = {"type": "int"}
    for _ in range(90):
        schema = {"type": "object", "properties": {"a": schema}}
    components = {"schemas": {"A": schema}}
    info = {"title": "x", "version": "1"}
    for version in ("3.0.3", "3.1.0"):
        path = tmp_path / f"{version}.json"
        path.write_text(json.dumps({"openapi": version, "info": info, "paths": {}, "components": components}))
        done = plugcli(str(path), "--format", "json")
        found = json.loads(done.stdout)["targets"][0]["findings"]
        (fault,) = [each for each in found if each["rule"] == "openapi-schema"]
        assert fault["message"].startswith('type is "int", and must be one of array, boolean, integer')
        assert fault["pointer"].endswith("/properties/a/type")


def test_escapes_in_a_plugin_never_reach_the_terminal(tmp_path: Path) -> None:
    """A stranger's manifest could fill the clipboard (OSC 52), or show another verdict than ours."""
    manifest = json.loads((GOOD / ".well-known/ai-plugin.json").read_text())
    manifest["schema_version"] = "\x1b]52;c;cm0gLXJm\x07\x1b[2K\u202e\r"
    manifest["name_for_model"] = "\x9b31m\x1b[8m"
    text = json.dumps(manifest, ensure_ascii=False).replace(r"\u001b", "\x1b").replace(r"\r", "\r")
    (tmp_path / "ai-plugin.json").write_text(text, encoding="utf-8")
    shutil.copy(GOOD / "openapi.yaml", tmp_path)
    raw = plugcli(str(tmp_path))
    manifest_as_json = tmp_path / "ai-plugin.json"
    manifest_as_json.write_text(json.dumps(manifest), encoding="utf-8")
    escaped = plugcli(str(tmp_path))
    both = raw.stdout + escaped.stdout + plugcli(str(tmp_path), "--format", "json").stdout
    assert r"\x1b]52;c" in both
    assert set() == set(both) & {"\x1b", "\x07", "\x9b", "\u202e", "\r"}


def test_colour_only_where_it_is_wanted() -> None:
    """A pipe gets plain text; NO_COLOR wins over FORCE_COLOR."""
    assert "\x1b[" not in plugcli(str(BAD)).stdout
    assert "\x1b[1;31merror" in plugcli(str(BAD), FORCE_COLOR="1").stdout
    assert "\x1b[" not in plugcli(str(BAD), FORCE_COLOR="1", NO_COLOR="1").stdout


def test_terminal_that_cannot_show_a_character_still_gets_the_text(tmp_path: Path) -> None:
    """An ASCII locale is no reason for a traceback."""
    manifest = json.loads((GOOD / ".well-known/ai-plugin.json").read_text())
    manifest["name_for_model"] = "\u65e5\u672c"
    (tmp_path / "ai-plugin.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    done = plugcli(str(tmp_path), PYTHONIOENCODING="ascii")
    assert (0, "") == (done.returncode, done.stderr)
    assert r"\u65e5\u672c" in done.stdout


def test_long_line_is_cut_in_a_pipe_and_never_wrapped(tmp_path: Path) -> None:
    """Generated documents are one line; grep and editors want one finding a line."""
    manifest = json.loads((GOOD / ".well-known/ai-plugin.json").read_text())
    manifest["schema_version"] = "v2"
    manifest["description_for_model"] = "word " * 1500
    (tmp_path / "ai-plugin.json").write_text(json.dumps(manifest))
    done = plugcli(str(tmp_path))
    shown = [line for line in done.stdout.splitlines() if " | " in line]
    assert shown
    assert all(len(line) <= 100 for line in shown)


def test_seeds_load_without_an_error(tmp_path: Path) -> None:
    """Both systems that started plugcli were accepted by the host as they were."""
    pygpt = {
        "schema_version": "v1",
        "name_for_human": "Paul Plugin (no auth)",
        "name_for_model": "pygpt python execution plugin",
        "description_for_human": "Runs Python.",
        "description_for_model": "Plugin for running Python code.",
        "auth": {"type": "none"},
        "api": {
            "type": "openapi",
            "url": "http://localhost:5003/openapi.yaml",
            "is_user_authenticated": False,
        },
        "logo_url": "http://localhost:5003/logo.png",
        "contact_email": "legal@example.com",
        "legal_info_url": "http://example.com/legal",
    }
    todo = {
        "schema_version": "v1",
        "name_for_human": "TODO Manager",
        "name_for_model": "todo_manager",
        "description_for_human": "Manages your TODOs!",
        "description_for_model": "An app for managing a user's TODOs",
        "auth": {"type": "none"},
        "api": {"url": "/openapi.json"},
        "logo_url": "https://example.com/logo.png",
        "contact_email": "hello@example.com",
        "legal_info_url": "http://example.com/legal",
    }
    for name, manifest in {"pygpt": pygpt, "todo": todo}.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "ai-plugin.json").write_text(json.dumps(manifest, indent=2))
    done = plugcli(str(tmp_path / "pygpt"), str(tmp_path / "todo"), "--format", "json")
    assert 0 == done.returncode
    found = [
        {(each["rule"], each["severity"]) for each in target["findings"]}
        for target in json.loads(done.stdout)["targets"]
    ]
    assert ("model-name", "warning") in found[0]
    assert ("api-type", "warning") in found[1]
    assert not any(severity == "error" for each in found for _, severity in each)


def test_faults_that_repeat_do_not_bury_the_others(tmp_path: Path) -> None:
    """A generator makes the same slip a hundred times; the text says so once, the JSON lists them all."""
    operations = "".join(
        f"  /p{n}:\n    get:\n      operationId: get-{n}\n      summary: x\n      responses: {{'200': {{description: x}}}}\n"
        for n in range(30)
    )
    path = tmp_path / "openapi.yaml"
    path.write_text(
        f"openapi: 3.1.0\ninfo: {{title: x, version: '1'}}\nservers: [{{url: /}}]\npaths:\n{operations}"
    )
    text = plugcli(str(path)).stdout
    assert 10 == text.count("[operation-id]")
    assert "... and 20 more of operation-id: --format json lists them all\n" in text
    found = json.loads(plugcli(str(path), "--format", "json").stdout)["targets"][0]["findings"]
    assert 30 == sum(each["rule"] == "operation-id" for each in found)
