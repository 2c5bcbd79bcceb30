"""A name or description for people contains a word that reviewers refuse: "plugin", "ChatGPT", "OpenAI".

In a store of plugins the first word says nothing, and the other two are names of the host (OpenAI's guide to its review). Still, of
1,039 approved plugins, two names and 15 descriptions have one of them. `description_for_model` may use any word.

Bad:

    "name_for_human": "Todo plugin"

Good:

    "name_for_human": "Todo list"
"""

import re

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule

_REFUSED = re.compile(r"plug-?in|chat ?gpt|open ?ai", re.IGNORECASE)


def check(manifest: Document, host: Host) -> Problems:
    for name in ("name_for_human", "description_for_human"):
        text = manifest.data.get(name)
        found = _REFUSED.search(text) if isinstance(text, str) else None
        if found:
            message = f'{name} contains "{found[0]}", a word that reviewers refuse'
            yield Problem(Place(manifest, f"/{name}"), message, "review-words", "leave the word out")


RULE = Rule(manifest=check)
