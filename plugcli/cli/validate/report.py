"""The report of `validate` for people: each problem with its line and a caret, then the verdict of each host."""

from collections.abc import Iterator, Mapping

from plugcli.cli.validate.colours import BRIGHT, PLAIN, Colours
from plugcli.cli.validate.formats import Paper
from plugcli.cli.validate.verdicts import verdicts
from plugcli.finding import Finding, Report, rules_of, told_problems
from plugcli.hosts import Host
from plugcli.terminal_text import fitted, printable

# The most findings to show for one rule, so that a repeated fault does not bury the others. Errors are always shown.
_MOST_ALIKE = 10


def lines(report: Report, hosts: Mapping[str, Host], paper: Paper) -> Iterator[str]:
    """Yield the report on one target: each problem once for all of `hosts`, then the verdicts."""
    colours = BRIGHT if paper.is_coloured else PLAIN
    shown: dict[str, int] = {}
    left_out: dict[str, int] = {}
    for alike in told_problems(report.findings):
        rule = rules_of(alike)
        if alike[0].severity != "error" and shown.get(rule, 0) >= _MOST_ALIKE:
            left_out[rule] = left_out.get(rule, 0) + 1
            continue
        shown[rule] = shown.get(rule, 0) + 1
        yield from _problem(alike, hosts, paper, colours)
    if left_out:
        more = ", ".join(f"{number} more of {rule}" for rule, number in left_out.items())
        yield f"... and {more}: --format json lists them all\n"
    yield from verdicts(report, hosts, paper, colours)


def _problem(
    alike: list[Finding], hosts: Mapping[str, Host], paper: Paper, colours: Colours
) -> Iterator[str]:
    finding, source = alike[0], alike[0].source
    colour, bold, dim, off = getattr(colours, finding.severity), colours.bold, colours.dim, colours.off
    place = printable(finding.file)
    if source is not None:  # without a source, it is about the whole file
        place += f":{finding.line}:{finding.column}"
    message = printable(finding.message)
    yield f"{bold}{place}:{off} {colour}{finding.severity}{off}: {message} {dim}[{rules_of(alike)}]{off}"
    if source is not None and source.text.strip():
        number = str(finding.line)
        line, before = fitted(source, max(paper.width - len(number) - 5, 20))
        yield f"  {dim}{number} |{off} {line}"
        yield f"  {dim}{' ' * len(number)} |{off} {' ' * before}{colour}^{off}"
    if len(hosts) > 1:
        yield f"  {dim}for:{off} {_for_whom(alike, hosts)}"
    said = {each.host_says: hosts[each.host].title for each in reversed(alike) if each.host_says is not None}
    for words, title in reversed(said.items()):
        yield f"  {title} says: {printable(words)}"
    for hint in dict.fromkeys(each.hint for each in alike if each.hint):
        yield f"  {dim}hint:{off} {printable(hint)}"
    yield ""


def _for_whom(alike: list[Finding], hosts: Mapping[str, Host]) -> str:
    """The hosts that report it, such as `GPT Actions (error), ChatGPT`; a severity is shown if it is not the headline's."""
    if {each.host for each in alike} == hosts.keys() and len({each.severity for each in alike}) == 1:
        return "all"
    worst = alike[0].severity
    severities = {
        each.host: each.severity for each in reversed(alike)
    }  # if several rules apply, the worst counts
    in_order = sorted(severities, key=lambda host: (severities[host] != worst, [*hosts].index(host)))
    return ", ".join(
        hosts[host].title + ("" if severities[host] == worst else f" ({severities[host]})")
        for host in in_order
    )
