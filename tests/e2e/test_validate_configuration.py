"""`plugcli.toml` and `[tool.plugcli]`: found, believed, overruled by options, and refused where they say nonsense."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.validating import BAD, CASES, GOOD, OPERATION, validate

IGNORE = '[[ignore]]\nrule = "operation-id"\nreason = "people call it"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a plugin's document in a folder of it; the operation has no operationId."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "openapi.json").write_text(json.dumps(DOCUMENT, indent=2))
    return tmp_path


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "servers": [{"url": "https://things.dev"}],
    "paths": {"/things": {"get": {"summary": "x", "responses": {"200": {"description": "x"}}}}},
}


def found(target: str | Path, *options: str, cwd: Path) -> list[dict[str, Any]]:
    done = validate(target, *options, "--format", "json", cwd=cwd)
    assert "" == done.stderr
    findings: list[dict[str, Any]] = json.loads(done.stdout)["targets"][0]["findings"]
    return findings


@pytest.mark.parametrize("name", ["plugcli.toml", "pyproject.toml"])
@pytest.mark.parametrize("folder", [".", "shop"])
def test_nearest_configuration_counts(project: Path, name: str, folder: str) -> None:
    """Wherever the command is called from: what is said of a plugin must not depend on that."""
    text = (
        IGNORE
        if name == "plugcli.toml"
        else f"[project]\nname = 'x'\n{IGNORE.replace('[[', '[[tool.plugcli.')}"
    )
    (project / folder / name).write_text(text)
    assert [] == found("shop/openapi.json", cwd=project)
    assert [] == found("openapi.json", cwd=project / "shop")
    assert [] == found(project / "shop/openapi.json", cwd=GOOD)


def test_nearer_configuration_hides_the_farther(project: Path) -> None:
    """Two files that are mixed are hard to foresee; and one without a word for plugcli is none."""
    (project / "plugcli.toml").write_text(IGNORE)
    (project / "shop" / "pyproject.toml").write_text("[tool.plugcl]\nx = 1\n[project]\nname = 'plugcli'\n")
    assert [] == found("shop/openapi.json", cwd=project)
    (project / "shop" / "plugcli.toml").write_text("")
    assert ["operation-id"] == [each["rule"] for each in found("shop/openapi.json", cwd=project)]


def test_configuration_above_the_repository_is_not_ours(project: Path) -> None:
    """What lies in /tmp or in a home is of other projects, or of other people."""
    inner = project / "inner"
    (inner / ".git").mkdir(parents=True)
    shutil.copy(project / "shop" / "openapi.json", inner)
    (project / "plugcli.toml").write_text(IGNORE)
    assert 1 == len(found("inner/openapi.json", cwd=project))
    (inner / ".git").rmdir()
    assert 0 == len(found("inner/openapi.json", cwd=project))
    done = validate("inner/openapi.json", cwd=project, HOME=str(inner))
    assert "1 warning" in done.stdout


@pytest.mark.parametrize(
    ("entry", "is_ignored"),
    [
        ("", True),
        ('path = "shop/*.json"', True),
        ('path = "shop"', True),
        ('path = "other"', False),
        ('pointer = "/paths/~1things"', True),
        ('pointer = "/paths/~1other"', False),
        ('path = "shop"\npointer = "/paths/~1things/get"', True),
    ],
)
def test_json_is_ignored_by_the_list(project: Path, entry: str, is_ignored: bool) -> None:
    """JSON has no comments, so the list says where."""
    (project / "plugcli.toml").write_text(IGNORE + entry)
    assert is_ignored == ([] == found("shop/openapi.json", cwd=project))


def test_report_says_which_configuration_changed_it(project: Path) -> None:
    """Who wonders why nothing is found must not have to search for it; and a file that changes nothing is not told of."""
    (project / "plugcli.toml").write_text('hosts = ["chatgpt"]\n')
    assert "configuration" not in validate("shop/openapi.json", cwd=project).stdout
    (project / "plugcli.toml").write_text(f'url = "https://things.dev"\n{IGNORE}')
    done = validate("shop/openapi.json", cwd=project)
    assert done.stdout.splitlines() == [
        "shop/openapi.json: ChatGPT (closed in April 2024) accepts it (no errors, no warnings, 1 ignored)",
        "  configuration: plugcli.toml (url, ignore)",
    ]


def test_what_is_ignored_is_suppressed_in_sarif(project: Path) -> None:
    """GitHub then closes the alert, with the reason."""
    (project / "plugcli.toml").write_text(IGNORE)
    (project / "openapi.yaml").write_text(
        OPERATION.replace("get:", "get:  # plugcli: ignore[operation-id] so is this")
    )
    log = json.loads(validate("shop/openapi.json", "openapi.yaml", "--format", "sarif", cwd=project).stdout)
    expected = [
        [{"kind": "external", "justification": "people call it"}],
        [{"kind": "inSource", "justification": "so is this"}],
    ]
    assert expected == [each["suppressions"] for each in log["runs"][0]["results"]]


def test_what_is_ignored_changes_the_exit_status(tmp_path: Path) -> None:
    """It is what ignores are for; and what else is wrong still counts."""
    shutil.copytree(BAD, tmp_path, dirs_exist_ok=True)
    assert 1 == validate(tmp_path).returncode
    (tmp_path / "plugcli.toml").write_text(
        '[[ignore]]\nrule = "manifest-syntax"\nreason = "rendered later"\n'
    )
    assert (0, 0) == (validate(tmp_path).returncode, validate(tmp_path, "--strict").returncode)
    (tmp_path / "openapi.yaml").write_text(OPERATION)
    assert (0, 1) == (validate(tmp_path).returncode, validate(tmp_path, "--strict").returncode)


def test_option_overrules_the_configuration(project: Path) -> None:
    """The command line is nearer to the user than any file."""
    (project / "plugcli.toml").write_text('hosts = ["all"]\nurl = "https://elsewhere.dev"\n')
    (project / "shop" / "ai-plugin.json").write_text((GOOD / ".well-known/ai-plugin.json").read_text())
    assert {"domain"} < {each["rule"] for each in found("shop", cwd=project)}
    options = ("--url", "https://todo.plugcli.dev", "--for", "chatgpt")
    assert "domain" not in {each["rule"] for each in found("shop", *options, cwd=project)}
    assert "configuration" not in validate("shop", *options, cwd=project).stdout


def test_url_judges_a_plugin_as_if_it_stood_there(tmp_path: Path) -> None:
    """Before it is deployed, and with nothing asked over the network."""
    shutil.copytree(CASES / "localhost" / "bad-authentication", tmp_path, dirs_exist_ok=True)
    for name in ("logo.png", "legal.html"):
        (tmp_path / name).write_bytes(b"It is there.")
    assert ["auth-type", "localhost"] == [each["rule"] for each in found(".", cwd=tmp_path)]
    there = found(".", "--url", "https://todo.plugcli.dev", cwd=tmp_path)
    assert ["auth-type", "domain"] == [each["rule"] for each in there]


@pytest.mark.parametrize(
    "url",
    ["shop.example.com", "", "ftp://a.dev", "https://", "http://[", "https://a b.dev", "https://a.dev:0"],
)
def test_url_that_is_no_address_is_a_sentence(url: str) -> None:
    """Judged at a place that cannot be, everything would be wrong."""
    done = validate(GOOD, "--url", url)
    assert (2, "", f"error: {url!r} is not a valid URL") == (
        done.returncode,
        done.stdout,
        done.stderr.splitlines()[0],
    )


def test_address_is_judged_where_it_is() -> None:
    """Two addresses for one plugin contradict each other."""
    done = validate("http://localhost:1", "--url", "https://a.dev")
    assert (2, "") == (done.returncode, done.stdout)
    assert "--url cannot be used with http://localhost:1" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('hosts = "chatgpt"', ":1: hosts is not a list of names"),
        ("hosts = []", ":1: hosts is not a list of names"),
        ("hosts = [1]", ":1: hosts is not a list of names"),
        ('\nhosts = ["nobody"]', ":2: hosts names an unknown host 'nobody'"),
        ("url = 1", ":1: url is not a string"),
        ('url = "things.dev"', ":1: url is not a valid URL: 'things.dev'"),
        ('# hosts = 1\nhost = ["chatgpt"]', ":2: host is not a key that plugcli knows"),
        ('ignore = "operation-id"', ":1: ignore is not a list of tables"),
        ('ignore = ["operation-id"]', ":1: ignore is not a list of tables"),
        ('ignore = {operation-id = "x"}', ":1: ignore is not a list of tables"),
        ('ignore = [{rule = "operation-id"}]', ":1: ignore[0] has no reason"),
        ('ignore = [{rule = "operation-id", reason = " "}]', ":1: ignore[0].reason is not a string"),
        ('ignore = [{reason = "x"}]', ":1: ignore[0] has no rule"),
        (
            f'{IGNORE}\n[[ignore]]\nrule = "operationid"\nreason = "x"',
            ":5: ignore[1].rule is not a rule: 'operationid'",
        ),
        (f"{IGNORE}\npaths = 'x'", ":1: ignore[0] has an unknown key 'paths'"),
        (f"{IGNORE}\npath = 1", ":1: ignore[0].path is not a string"),
        (f"{IGNORE}\npointer = 'paths'", ":1: ignore[0].pointer does not start with /"),
        ("hosts = [", " is not TOML: "),
        ("a = 1\na = 2", " is not TOML: "),
        ("\xff", " is not UTF-8"),
        ('"a[b" = 1', ":1: a[b is not a key that plugcli knows"),
        ('"ignore[x]" = 1', ":1: ignore[x] is not a key that plugcli knows"),
        ('"\\u001b]0;pwned\\u0007" = 1', r": \x1b]0;pwned\x07 is not a key that plugcli knows"),
        pytest.param("a = " + "[" * 20000, " is nested too deeply to be read", id="deep"),
        pytest.param(".".join("a" * 30000) + " = 1", " has a line with more than 500 dots", id="dots"),
        pytest.param("# plugcli\n" * 7000, " is larger than 64 KiB", id="large"),
    ],
)
@pytest.mark.parametrize("name", ["plugcli.toml", "pyproject.toml"])
def test_nonsense_in_the_configuration_is_a_sentence_with_its_place(
    name: str, text: str, words: str, project: Path
) -> None:
    """A key that is misspelt and silently passed over is a rule that is never switched off, or on."""
    above = ""
    if name == "pyproject.toml":
        above = "[project]\nname = 'x'\nurl = 'x'\n[tool.plugcli]\n"
        text = text.replace("[[ignore]]", "[[tool.plugcli.ignore]]")
        number, colon, rest = words[1:].partition(": ")
        words = f":{int(number) + 4}{colon}{rest}" if number.isdigit() else words
    (project / name).write_bytes((above + text).encode("latin-1"))
    done = validate("shop/openapi.json", cwd=project)
    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith(f"error: {project / name}{words}")


def test_file_that_cannot_be_read_is_a_sentence(project: Path) -> None:
    """Passed over, it would be as if the project had said nothing."""
    (project / "plugcli.toml").mkdir()
    done = validate("shop/openapi.json", cwd=project)
    assert (3, "") == (done.returncode, done.stdout)
    assert f"cannot read {project / 'plugcli.toml'}: it is a folder, not a file" in done.stderr


def test_no_plugcli_in_a_broken_pyproject_is_nothing_of_ours(project: Path) -> None:
    """Other tools will tell of it; who checks a document has no use for it."""
    (project / "pyproject.toml").write_text("[project\n")
    assert 1 == len(found("shop/openapi.json", cwd=project))


def test_manifest_and_its_document_are_judged_once() -> None:
    """A commit hook names every file that changed."""
    both = [".well-known/ai-plugin.json", "openapi.yaml"]
    for targets in (both, both[::-1], [".", "openapi.yaml"]):
        report = json.loads(validate(*targets, "--format", "json", cwd=GOOD).stdout)
        assert [next(each for each in targets if each != "openapi.yaml")] == [
            each["target"] for each in report["targets"]
        ]
    others = ["openapi.yaml", str(CASES / "servers" / "good-https" / "openapi.yaml")]
    report = json.loads(validate(*others, "--format", "json", cwd=GOOD).stdout)
    assert others == [each["target"] for each in report["targets"]]
