"""A name or description in the manifest is longer than the host allows.

OpenAI's documentation gave two sets of limits at different times, and the approved plugins show which one was enforced: 50, 50, 120
and 8,000 characters for the names and descriptions. Hundreds of approved plugins exceed the later and stricter limits of 20 and 100, so
exceeding those is a warning. Space around the text is not counted (an approved description of 120 characters ends with a space).

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
    "name_for_human": "use a word or two",
    "name_for_model": "use a word or two, joined with _",
    "description_for_human": "use one short sentence",
    "description_for_model": "move what is about one operation to the description of that operation",
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
