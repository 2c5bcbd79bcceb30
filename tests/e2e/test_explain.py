"""`plugcli rules` and `plugcli explain` as a user runs them: in a pipe, on a terminal, and with a slip in the name."""

import json
import os
import pty
import struct
import subprocess
import sys
import termios
from fcntl import ioctl

import pytest

from plugcli.hosts import all_hosts
from plugcli.rules import all_rules, documentation


def plugcli(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "plugcli", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def test_rules_lists_every_rule_in_a_line() -> None:
    """Who looks for a rule greps this list."""
    done = plugcli("rules")
    assert (0, "") == (done.returncode, done.stderr)
    assert list(all_rules()) == [line.split()[0] for line in done.stdout.splitlines()]


def test_rules_as_json_has_the_same_list() -> None:
    """Editors and other programs show it."""
    listed = json.loads(plugcli("rules", "--json").stdout)
    assert [{"rule": rule, "what": documentation(rule).what} for rule in all_rules()] == listed


@pytest.mark.parametrize(
    "rule", ["text-length", "member-missing", "auth-type", "openapi-dialect", "unfetched"]
)
def test_explain_says_what_the_host_does(rule: str) -> None:
    """Whoever is told of a problem wants to know who minds and how we know, also where the claim has another name."""
    done = plugcli("explain", rule)
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith(f"{rule}: {documentation(rule).what[:40]}")
    chatgpt = all_hosts()["chatgpt"]
    assert f"\n{chatgpt.title} ({chatgpt.state.says}):\n" in done.stdout
    assert "(enforced: " in done.stdout


def test_explain_keeps_examples_as_they_are() -> None:
    """A YAML example that was wrapped would be another document."""
    example = documentation("operation-id").text.partition("Bad:\n\n")[2].partition("\n\nGood:")[0]
    assert example in plugcli("explain", "operation-id").stdout


@pytest.mark.parametrize("columns", [60, 132])
def test_explain_is_as_wide_as_the_terminal(columns: int) -> None:
    """Words are not torn at the terminal's edge, nor is half of it left empty."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "plugcli", "explain", "text-length"]
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        printed = b""
        try:
            while piece := os.read(ours, 65536):
                printed += piece
        except OSError:  # Linux says EIO where the other end is closed
            pass
        assert 0 == process.wait(timeout=60)
    os.close(ours)
    longest = max(len(line) for line in printed.decode().splitlines())
    assert columns - 20 < longest <= columns


def test_explain_stops_where_its_reader_does() -> None:
    """`plugcli explain RULE | head -1` is no error."""
    command = f"{sys.executable} -m plugcli explain text-length | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert ("", 1) == (done.stderr, done.stdout.count("\n"))


def test_explain_works_where_the_output_is_ascii() -> None:
    """Names of places and people are in the sources; a server's locale is often C."""
    done = plugcli("explain", "text-length", PYTHONIOENCODING="ascii")
    assert (0, "") == (done.returncode, done.stderr)


def test_unknown_rule_names_the_nearest() -> None:
    """The id is typed by hand, from a line read elsewhere."""
    done = plugcli("explain", "text-lenght")
    assert (2, "") == (done.returncode, done.stdout)
    assert "did you mean text-length?" in done.stderr


@pytest.mark.parametrize("arguments", [["rules"], ["explain", "secret"], ["hosts"], ["schema", "manifest"]])
def test_lists_end_well_where_nobody_reads_them(arguments: list[str]) -> None:
    """`plugcli rules | head -1` is no failure, and neither is a standard output that is closed."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "plugcli", *arguments]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writing)
    assert (0, b"") == (done.returncode, done.stderr)
    closed = ["sh", "-c", '"$@" >&-', "sh", *command]
    done = subprocess.run(closed, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (0, b"") == (done.returncode, done.stderr)
