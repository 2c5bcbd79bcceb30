"""A finding as plain lines of text, for programs that show nothing else."""

from collections.abc import Sequence

from plugcli.finding import Finding
from plugcli.hosts import named_hosts
from plugcli.terminal_text import printable


def plain_finding(alike: Sequence[Finding]) -> str:
    """Return the message, the hosts' own words and the hints, a line each, without characters that control a terminal."""
    said = {each.host_says: each.host for each in reversed(alike) if each.host_says is not None}
    hosts = named_hosts([*said.values()])
    lines = [alike[0].message]
    lines += (f"{hosts[host].title} says: {words}" for words, host in reversed(said.items()))
    lines += (f"hint: {hint}" for hint in dict.fromkeys(each.hint for each in alike if each.hint))
    return "\n".join(map(printable, lines))
