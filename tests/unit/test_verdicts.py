"""The table of verdicts: on a terminal of any width nothing is cut, and for a pipe a host is a line."""

import re

import pytest

from plugcli.cli.validate.formats import Paper
from plugcli.cli.validate.report import lines
from plugcli.finding import Ignored, Report, Verdict
from plugcli.hosts import Host, State

HOSTS = {
    "chatgpt": Host("ChatGPT", State("x", "closed in April 2024"), {}),
    "m365-copilot": Host("Microsoft 365 Copilot", State("x"), {}),
    "mcp": Host("MCP", State("x"), {}),
}
LOSSES = ("12 operations", "31 parameters", "4 schemas", "7 descriptions", "every response", "2 examples")
REPORT = Report(
    "shop",
    (
        Verdict("chatgpt", "refuses", 3, 12),
        Verdict("m365-copilot", "accepts_with_losses", 0, 56, LOSSES),
        Verdict("mcp", "accepts", 0, 0),
    ),
    (),
    (Ignored((), "why", is_comment=True),),
    "plugcli.toml: hosts",
)


def printed(paper: Paper, report: Report = REPORT) -> str:
    return "\n".join(lines(report, HOSTS, paper))


def test_pipe_gets_a_line_for_each_host() -> None:
    """`grep Copilot` finds all that is said of it."""
    assert printed(Paper()).splitlines() == [
        "shop",
        "  host                   verdict       errors  warnings  lost",
        "  ChatGPT                refuses       3       12",
        "  Microsoft 365 Copilot  loses a part  -       56        " + ", ".join(LOSSES),
        "  MCP                    accepts       -       -",
        "  ChatGPT, closed in April 2024",
        "  1 ignored",
        "  configuration: plugcli.toml: hosts",
    ]


@pytest.mark.parametrize("width", [60, 80, 90, 100, 200])
def test_terminal_gets_lines_that_fit(width: int) -> None:
    """What the terminal itself wraps tears the columns apart."""
    text = printed(Paper(width, is_terminal=True))
    assert all(len(line) <= width for line in text.splitlines())
    assert ", ".join(LOSSES) in re.sub(r"\s+", " ", text)


def test_narrow_terminal_gets_what_is_lost_below_the_host() -> None:
    """60 columns leave no room beside the columns before."""
    assert printed(Paper(60, is_terminal=True)).splitlines()[:6] == [
        "shop",
        "  host                   verdict       errors  warnings",
        "  ChatGPT                refuses       3       12",
        "  Microsoft 365 Copilot  loses a part  -       56",
        "                         12 operations, 31 parameters,",
        "                         4 schemas, 7 descriptions,",
    ]


def test_colours_tell_the_verdicts_apart_and_end_with_their_line() -> None:
    """Red refuses, yellow loses; a colour left on would stain the prompt."""
    rows = printed(Paper(80, is_terminal=True, is_coloured=True)).splitlines()
    assert "  \x1b[1;31mChatGPT" in rows[2]
    assert "  \x1b[33mMicrosoft 365 Copilot" in rows[3]
    for row in rows:
        assert "\x1b[" not in row or row.endswith("\x1b[0m") or "configuration:\x1b[0m" in row


def test_verdict_of_one_host_is_wrapped_at_words() -> None:
    """A long list of losses is read on a terminal, too; the counts stand at its end."""
    report = Report("shop", REPORT.verdicts[1:2], ())
    one = printed(Paper(60, is_terminal=True), report)
    assert one.splitlines() == [
        "shop: Microsoft 365 Copilot accepts it, but loses a part",
        "  of it: 12 operations, 31 parameters, 4 schemas,",
        "  7 descriptions, every response, 2 examples (no errors, 56",
        "  warnings)",
    ]
    assert " ".join(line.strip() for line in one.splitlines()) == printed(Paper(), report)
