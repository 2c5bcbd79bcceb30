"""`description_for_human` does not end with a full stop or other punctuation.

Reviewers want it to (OpenAI's guide to its review); in 1,010 of 1,039 approved plugins it does.

Bad:

    "description_for_human": "Keeps your todo list"

Good:

    "description_for_human": "Keeps your todo list."
"""

import unicodedata

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    text = manifest.data.get("description_for_human")
    last = text.strip()[-1:] if isinstance(text, str) else ""
    if last and unicodedata.category(last)[0] in "LN":  # approved plugins also end in emoji and brackets
        message = "description_for_human ends without a full stop"
        yield Problem(
            Place(manifest, "/description_for_human"), message, "description-end", "end it with a full stop"
        )


RULE = Rule(manifest=check)
