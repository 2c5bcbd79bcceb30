"""Answers short enough for a chat host."""

import json
from typing import Any

import pytest

from plugcli.serve.fit import fit

LIMIT = 2_000


def result(stdout: str = "", stderr: str = "") -> dict[str, Any]:
    return {
        "stdout": stdout,
        "stderr": stderr,
        "returncode": 0,
        "reason": "",
        "truncated": {"stdout": 0, "stderr": 0},
    }


def test_short_result_is_whole() -> None:
    """Nothing is left out, and nothing is said to be."""
    assert json.loads(fit(result("ä\n", "x"), LIMIT)) == result("ä\n", "x")


@pytest.mark.parametrize("unit", ["x", "\n", "\x00", '"', "ä", "\U0001f600", "\ud800", "a\nb\x1b"])
@pytest.mark.parametrize("streams", [("stdout",), ("stderr",), ("stdout", "stderr")])
def test_long_result_fits_and_says_what_it_lost(unit: str, streams: tuple[str, ...]) -> None:
    """The host cuts what is too long without a word, and counts characters as JSON writes them."""
    text = "START" + unit * 50_000 + "END"
    answer = fit(result(**dict.fromkeys(streams, text)), LIMIT).decode()
    assert LIMIT * 0.8 < len(answer) < LIMIT
    fitted = json.loads(answer)
    for name in streams:
        assert fitted[name].startswith("START")
        assert fitted[name].endswith("END")
        head, rest = fitted[name].split("\n[... ", 1)
        count, tail = rest.split(" bytes left out ...]\n", 1)
        whole = len(text.encode("utf-8", "surrogatepass"))
        assert int(count) == whole - len((head + tail).encode("utf-8", "surrogatepass"))
        assert fitted["truncated"][name] == int(count)


def test_short_stream_is_whole_beside_a_long_one() -> None:
    """A flood on stdout must not cost the traceback on stderr."""
    traceback = "Traceback: " + "y" * 300
    assert json.loads(fit(result("x" * 90_000, traceback), LIMIT))["stderr"] == traceback


def test_stream_that_the_sandbox_cut_says_so_at_its_end() -> None:
    """Else the last line that is there looks like the last that was printed."""
    cut = result("x" * 50) | {"truncated": {"stdout": 123, "stderr": 0}}
    fitted = json.loads(fit(cut, LIMIT))
    assert fitted["stdout"] == "x" * 50 + "\n[... 123 more bytes left out ...]\n"
    assert fitted["truncated"] == {"stdout": 123, "stderr": 0}


def test_both_cuts_are_counted() -> None:
    """The sandbox's and ours."""
    text = "x" * 50_000
    fitted = json.loads(fit(result(text) | {"truncated": {"stdout": 1_000_000, "stderr": 0}}, LIMIT))
    assert fitted["stdout"].endswith("\n[... 1000000 more bytes left out ...]\n")
    assert fitted["truncated"]["stdout"] == 1_000_000 + 50_000 - fitted["stdout"].count("x")
