"""A text of the manifest is longer than the host takes.

Two limits stood in OpenAI's documentation at different times, and the approved plugins show which one was enforced: 50, 50, 120
and 8,000 characters for the names and descriptions. The later and stricter 20 and 100 are broken by hundreds of approved plugins:
a warning. Space around the text is not counted (an approved description of 120 characters ends in a blank).

Bad:

    "name_for_human": "Todo list of the whole family"

Good:

    "name_for_human": "Todo list"
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule, exceeded, measured

_TEXTS = ("name_for_human", "name_for_model", "description_for_human", "description_for_model")
_HINTS = {
    "name_for_human": "a word or two",
    "name_for_model": "a word or two, with _ in between",
    "description_for_human": "one short sentence",
    "description_for_model": "what is about one operation belongs into its description",
}


def check(manifest: Document, host: Host) -> Problems:
    for name in _TEXTS:
        limits, value = host.limits.get(name, ()), manifest.data.get(name)
        if not isinstance(value, str):
            continue
        length = len(value.strip())
        if limit := exceeded(limits, length):
            message = f"{name} has {length:,} characters, {length - limit.most:,} more than {limit.most:,}"
            yield Problem(Place(manifest, f"/{name}"), message, limit.claim, _HINTS[name])


RULE = Rule(manifest=check, dialects=("plugin", "baidu", "m365-copilot"), asks=measured(*_TEXTS))
