"""`plugcli prompt` and `validate --show-prompt` as a user runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from plugcli.document import Document
from plugcli.plugin import plugin_from_files
from plugcli.prompt import PROMPT_HOSTS, PromptHost, prompt
from tests.corpus import FOLDER, documents, plugins

HERE = Path(__file__).parent
GOOD = HERE.parent / "contract" / "rules" / "manifest-syntax" / "good-json"
BROKEN = HERE.parent / "contract" / "rules" / "manifest-syntax" / "bad-trailing-comma"
needs_corpus = pytest.mark.skipif(not FOLDER.exists(), reason="no ../shared/corpus beside this repository")


def plugcli(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "plugcli", *arguments]
    environment = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")
    }
    return subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)


@pytest.fixture(scope="module")
def corpus() -> dict[str, dict[str, bytes]]:
    """Every plugin of the corpus: folder to files."""
    return {name: files for name, _, files in plugins()}


@needs_corpus
@pytest.mark.parametrize("host", PROMPT_HOSTS)
def test_quickstart_is_shown_byte_for_byte(
    host: str, corpus: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    """The expectation is written by hand from the rules; for `chatgpt` the host's own panel once showed the same."""
    for name, content in corpus["openai__plugins-quickstart"].items():
        (tmp_path / name).write_bytes(content)
    done = plugcli("prompt", str(tmp_path), "--for", host)
    assert 0 == done.returncode
    assert (HERE / "prompts" / f"quickstart-{host}.txt").read_bytes() == done.stdout
    assert b"characters, about" in done.stderr


@needs_corpus
def test_every_plugin_of_the_corpus_has_a_prompt(corpus: dict[str, dict[str, bytes]]) -> None:
    """Documents by strangers are stranger than tests: no crash, and every line of a description is a comment."""
    for name, files in corpus.items():
        plugin = plugin_from_files(files, name)
        for host in PROMPT_HOSTS if plugin.openapi is not None else ():
            assert plugin.openapi is not None
            made = prompt(plugin.openapi, plugin.manifest, host)
            lines = made.text.split("\n")
            end = next(index for index, line in enumerate(lines) if line.startswith("namespace "))
            assert all(line.startswith(("// ", "This typescript tool ")) for line in lines[:end]), name
            assert lines[-1] == "} // " + lines[end].removesuffix(" {"), name


@needs_corpus
@pytest.mark.parametrize("host", PROMPT_HOSTS)
def test_largest_documents_have_a_prompt_that_ends(host: PromptHost) -> None:
    """Written out in full, one answer of Stripe's has more properties than fit into any memory."""
    for name, content in documents():
        document = Document.parse(content, name)
        if "openapi" in document.data:
            made = prompt(document, None, host)
            assert made.operations, name
            assert max(len(each.text) for each in made.operations) < 200_000, name


def test_json_form_has_the_same_text_and_every_size() -> None:
    """A program needs no second parser for what a person reads."""
    plain = plugcli("prompt", str(GOOD))
    value = json.loads(plugcli("prompt", "--json", str(GOOD)).stdout)
    assert plain.stdout.decode() == value["prompt"] + "\n"
    assert [
        "version",
        "target",
        "host",
        "prompt",
        "characters",
        "tokens_estimated",
        "operations",
        "left_out",
    ] == [*value]
    assert len(value["prompt"]) == value["characters"]
    sizes = [each["characters"] for each in value["operations"]]
    assert sorted(sizes, reverse=True) == sizes
    assert sum(sizes) < value["characters"]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("/nowhere",), 2, "does not exist"),
        ((str(GOOD), "--for", "mcp"), 2, "one of chatgpt, gpt-actions"),
        ((str(BROKEN),), 3, "trailing comma before }"),
    ],
)
def test_without_a_prompt_a_sentence_says_why(arguments: tuple[str, ...], status: int, words: str) -> None:
    """And standard output stays empty: a pipe must not take half a prompt."""
    done = plugcli("prompt", *arguments)
    assert (status, b"") == (done.returncode, done.stdout)
    assert words in done.stderr.decode()


def test_validate_shows_the_panel_after_the_report() -> None:
    """The headings are those of the host's developer panel: who knew it finds the way."""
    done = plugcli("validate", "--show-prompt", str(GOOD))
    assert 0 == done.returncode
    report, _, panel = done.stdout.decode().partition("(no errors")
    assert "Validated manifest" not in report
    for heading in (
        f"\nValidated manifest: {GOOD}",
        f"\nValidated OpenAPI spec: {GOOD}",
        "\nPrompt for ChatGPT\n\n// ",
    ):
        assert heading in panel
    assert plugcli("prompt", str(GOOD)).stdout.decode() in panel


def test_panel_of_a_broken_plugin_says_why_there_is_no_prompt() -> None:
    """The panel showed errors under its own headings, too; and the status stays that of the report."""
    done = plugcli("validate", "--show-prompt", str(BROKEN))
    assert 1 == done.returncode
    assert "\nErrors in manifest: " in done.stdout.decode()
    assert "Prompt for ChatGPT\n\nnone: " in done.stdout.decode()


def test_panel_is_for_people() -> None:
    """The JSON form is frozen: it has no place for a prompt."""
    done = plugcli("validate", "--show-prompt", "--format", "json", str(GOOD))
    assert (2, b"") == (done.returncode, done.stdout)
