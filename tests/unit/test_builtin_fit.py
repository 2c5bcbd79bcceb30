"""Answers short enough for a chat host."""

import json
from typing import Any

import pytest

from plugcli.builtin.python import fit as fit_module
from plugcli.builtin.python.fit import fit, fit_list
from plugcli.respond import json_bytes

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


def shown(**parts: object) -> dict[str, Any]:
    """A result as the sandbox gives it, with the parts that are given."""
    return {
        **result(),
        "result": None,
        "displays": [],
        "files": [],
        "truncated": {"stdout": 0, "stderr": 0, "files": 0},
        "session": None,
        **parts,
    }


def test_long_display_goes_whole_and_leaves_a_mark() -> None:
    """Half an SVG is worth nothing; what was printed, and the displays that are short, are untouched."""
    picture, table = {"mime": "image/png", "url": "http://x/y"}, {"mime": "text/plain", "text": "a table"}
    drawing = {"mime": "image/svg+xml", "text": "<svg>" + "ä" * 50_000}
    fitted = json.loads(fit(shown(stdout="x" * 1_000, result="7", displays=[picture, drawing, table]), LIMIT))
    mark = {"mime": "image/svg+xml", "text": "[... 100005 bytes left out ...]"}
    assert fitted["displays"] == [picture, mark, table]
    assert (fitted["stdout"], fitted["result"]) == ("x" * 1_000, "7")


def test_longest_displays_go_first() -> None:
    """And no more of them than must."""
    texts = ["a" * 900, "b" * 800, "c" * 700]
    fitted = json.loads(fit(shown(displays=[{"mime": "text/html", "text": text} for text in texts]), LIMIT))
    assert [display["text"] for display in fitted["displays"]] == [
        "[... 900 bytes left out ...]",
        *texts[1:],
    ]


def test_endless_displays_end_with_their_number() -> None:
    """Ten thousand small ones are as long as a large one."""
    many = [{"mime": "image/png", "url": f"http://localhost/{number}"} for number in range(10_000)]
    answer = fit(shown(displays=many, stdout="x" * 500), LIMIT).decode()
    fitted = json.loads(answer)
    assert LIMIT * 0.5 < len(answer) < LIMIT
    *kept, mark = fitted["displays"]
    assert kept == many[: len(kept)]
    assert mark["text"] == f"[... {len(many) - len(kept)} more left out ...]"
    assert fitted["stdout"] == "x" * 500


@pytest.mark.parametrize("unit", ["x", "\n", "\x00", "ä", "\ud800"])
def test_result_loses_its_middle_before_the_streams_do(unit: str) -> None:
    """A list of a million numbers as the last value must not cost what was printed."""
    text = "START" + unit * 50_000 + "END"
    answer = fit(shown(result=text, stdout="y" * 800), LIMIT).decode()
    fitted = json.loads(answer)
    assert LIMIT * 0.8 < len(answer) < LIMIT
    assert fitted["stdout"] == "y" * 800
    assert fitted["result"].startswith("START")
    assert fitted["result"].endswith("END")
    assert " bytes left out ...]" in fitted["result"]


def test_files_are_cut_last_and_counted() -> None:
    """The number is added to those that the sandbox did not list."""
    files = [{"name": f"{number}.csv", "bytes": 1, "mime": "text/csv", "url": None} for number in range(500)]
    truncated = {"stdout": 0, "stderr": 0, "files": 3}
    fitted = json.loads(fit(shown(files=files, truncated=truncated), LIMIT))
    assert fitted["files"] == files[: len(fitted["files"])]
    assert len(fitted["files"]) > 10
    assert fitted["truncated"] == {"stdout": 0, "stderr": 0, "files": 3 + 500 - len(fitted["files"])}


@pytest.mark.parametrize("limit", [2_000, 3_001, 100_000])
@pytest.mark.parametrize(
    "long", [(), ("result",), ("displays",), ("files",), ("stdout", "files"), ("result", "stderr")]
)
def test_everything_long_at_once_still_fits(long: tuple[str, ...], limit: int) -> None:
    """No part may make the answer longer than the host reads, and each keeps something of what it said."""
    text = 'ä"\n' * 200_000
    parts: dict[str, object] = {
        "stdout": text,
        "stderr": text,
        "result": text,
        "displays": [{"mime": "text/html", "text": text}, *[{"mime": "text/plain", "text": "x"}] * 5_000],
        "files": [{"name": "ü" * 100, "bytes": n, "mime": "text/csv", "url": "u" * 200} for n in range(1000)],
        "session": {"id": "i" * 32, "state": "lost", "seconds_left": 1200, "notice": "n" * 300},
    }
    chosen = {name: parts[name] for name in long or parts}
    answer = fit(shown(**chosen), limit).decode()
    fitted = json.loads(answer)
    assert len(answer) < limit
    for name in chosen.keys() & {"stdout", "stderr", "result"}:
        assert fitted[name].startswith('ä"\n')
    assert fitted["session"] == chosen.get("session")


@pytest.mark.parametrize("length", range(1_600, 2_000, 7))
def test_around_the_limit_nothing_is_too_long(length: int) -> None:
    """A mark takes room too: a text that is barely too long must not grow by it."""
    for name in ("stdout", "result"):
        assert len(fit(shown(**{name: "x" * length}), LIMIT).decode()) < LIMIT
    displays = [{"mime": "text/html", "text": "x" * (length // 2)}] * 2
    assert len(fit(shown(displays=displays, stderr="y" * (length // 3)), LIMIT).decode()) < LIMIT


def test_list_of_files_fits_too() -> None:
    """`GET /files` is read by the same hosts."""
    files = [
        {"name": f"{number}.csv", "bytes": 1, "mime": "text/csv", "url": "u" * 99} for number in range(999)
    ]
    answer = fit_list({"files": files, "left_out": 5, "session": {"id": "x"}}, LIMIT)
    fitted = json.loads(answer)
    assert len(answer.decode()) < LIMIT
    assert fitted["left_out"] == 5 + 999 - len(fitted["files"])
    assert fitted["files"] == files[: len(fitted["files"])]
    assert fitted["session"] == {"id": "x"}
    assert json.loads(fit_list({"files": files[:1], "left_out": 0}, LIMIT)) == {
        "files": files[:1],
        "left_out": 0,
    }


@pytest.mark.parametrize("unit", ["x", "\x00", '"', "\U0001f600"])
def test_cost_is_that_of_the_answer_not_of_the_output(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four sessions that print a megabyte at each call must not keep the server at nothing but counting."""
    written = 0

    def count(content: object) -> bytes:
        nonlocal written
        data = json_bytes(content)
        written += len(data)
        return data

    monkeypatch.setattr(fit_module, "json_bytes", count)
    files = [
        {"name": f"{number}{unit * 200}", "bytes": 1, "mime": "text/plain", "url": None}
        for number in range(1000)
    ]
    text = unit * (1 << 20)
    limit = 100_000
    kept = fit_module.first_files(files, limit)
    answer = fit(shown(stdout=text, stderr=text, result=unit * limit, files=kept), limit)
    assert len(answer.decode()) < limit
    assert written < 64 * limit


def test_files_that_cannot_fit_need_no_address() -> None:
    """An address is a signature and a long name percent-encoded: a thousand of them take a tenth of a second."""
    files = [{"name": "x" * 100} for _ in range(1000)]
    assert [files[:20], [], files] == [
        fit_module.first_files(files, 2000),
        fit_module.first_files(files, 99),
        fit_module.first_files(files, 100_000),
    ]


@pytest.mark.parametrize("unit", ["x", "ä"])
@pytest.mark.parametrize(("characters", "is_whole"), [(LIMIT - 1, True), (LIMIT, False)])
def test_answer_is_whole_up_to_the_last_character_below_the_limit(
    unit: str, characters: int, is_whole: bool
) -> None:
    """The limit is the first length that is too long, counted in characters and not in bytes."""
    short = result(unit)
    whole = result(unit * (characters - len(json_bytes(short).decode()) + 1))
    assert characters == len(json_bytes(whole).decode())
    answer = fit(whole, LIMIT)
    assert is_whole == (json_bytes(whole) == answer)
    assert len(answer.decode()) < LIMIT


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        ("abc", 4, 3),
        ("abc", 3, 3),
        ("abc", 2, 2),
        ("a\nb", 4, 3),
        ("a\nb", 3, 2),
        ("a\nb", 2, 1),
        ("a", 0, 0),
    ],
)
def test_as_much_of_a_text_is_kept_as_there_is_room_for(text: str, room: int, expected: int) -> None:
    """To the character: a line end takes two in JSON."""
    assert expected == fit_module._longest(text, room)


def test_list_of_files_is_whole_up_to_the_last_character_below_the_limit() -> None:
    """As the answer of a run is."""
    content = {"files": [{"name": "a" * 500}, {"name": "b" * 500}], "left_out": 0}
    length = len(json_bytes(content))
    assert json_bytes(content) == fit_list(content, length + 1)
    assert 1 == json.loads(fit_list(content, length))["left_out"]
