"""`name_for_model` has characters that no approved plugin has.

The model sees it as the name of a namespace: letters, digits and underscores, starting with a letter. OpenAI's documentation forbids
even the underscore, which 400 approved plugins have. The first plugins, on localhost, had spaces in it.

Bad:

    "name_for_model": "todo-list"

Good:

    "name_for_model": "todo_list"
"""

import re

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    name = manifest.data.get("name_for_model")
    if not isinstance(name, str) or not name.strip() or re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        return
    strange = list(dict.fromkeys(re.findall(r"[^A-Za-z0-9_]", name)))
    if not strange:
        message = f"name_for_model starts with {name[0]!r} but must start with a letter"
    else:
        shown = " and ".join("a space" if each == " " else ascii(each) for each in strange[:3])
        message = f"name_for_model contains {shown}: only letters, digits and _ are safe"
    better = re.sub(r"\W+", "_", name.strip(), flags=re.ASCII).strip("_").lstrip("0123456789_")
    hint = f"for example {better}" if better else ""
    yield Problem(Place(manifest, "/name_for_model"), message, "model-name", hint)


RULE = Rule(manifest=check)
