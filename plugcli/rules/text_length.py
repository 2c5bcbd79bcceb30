"""A text of the manifest is longer than the host takes.

Two limits stood in OpenAI's documentation at different times, and the approved plugins show which one was enforced: 50, 50, 120
and 8,000 characters for the names and descriptions. The later and stricter 20 and 100 are broken by hundreds of approved plugins:
a warning. Space around the text is not counted (an approved description of 120 characters ends in a blank).

Bad:

    "name_for_human": "Todo list of the whole family"

Good:

    "name_for_human": "Todo list"
"""

from collections.abc import Iterator

from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    for name, limits in host.limits.items():
        value = manifest.data.get(name)
        if not isinstance(value, str):
            continue
        length = len(value.strip())
        # The largest limit that is broken matters most, and one text is one finding.
        for limit in sorted(limits, key=lambda each: -each.most):
            if length > limit.most:
                message = (
                    f"{name} has {length:,} characters, {length - limit.most:,} more than {limit.most:,}"
                )
                yield Problem(Place(manifest, f"/{name}"), message, limit.claim)
                break


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    for name in host.members:
        for limit in host.limits.get(name, ()):
            yield f"{name} over {limit.most:,}", limit.claim


RULE = Rule(manifest=check, asks=asks)
