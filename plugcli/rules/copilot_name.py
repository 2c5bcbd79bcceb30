"""A name in a Microsoft 365 Copilot manifest has characters that its documentation does not allow.

The documentation and the JSON Schema disagree: a namespace may have a hyphen by the schema of v2.4 and an underscore
by the earlier ones, and has letters and digits by the documentation; a function may have a hyphen by the schema of
v2.4 alone. What both allow is safe.

Bad:

    $ plugcli validate --for m365-copilot appPackage
    appPackage/ai-plugin.json:5:16: warning: the namespace my-todos has more than letters and digits [copilot-name]
      5 |   "namespace": "my-todos",
        |                ^
      hint: for example mytodos

Good:

    $ plugcli validate --for m365-copilot appPackage
    appPackage: Microsoft 365 Copilot accepts it (no errors, no warnings)
"""

import re

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.m365 import functions
from plugcli.rules import Place, Problem, Problems, Rule, measured


def check(manifest: Document, host: Host) -> Problems:
    namespace = manifest.data.get("namespace")
    if isinstance(namespace, str):
        better = re.sub(r"[^A-Za-z0-9]", "", namespace)
        yield from _name(Place(manifest, "/namespace"), host, "namespace", namespace, better)
    for function in functions(manifest):
        better = re.sub(r"[^A-Za-z0-9]", "_", function.name)
        yield from _name(
            Place(manifest, f"{function.where}/name"), host, "function.name", function.name, better
        )


def _name(where: Place, host: Host, what: str, name: str, better: str) -> Problems:
    """What the schema refuses as well is its finding: here are the hyphens and underscores about which they disagree."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        return
    for form in host.forms.get(what, ()):
        if not re.fullmatch(form.pattern, name):
            message = f"the {what.partition('.')[0]} {name} has more than {form.words}"
            yield Problem(where, message, form.claim, f"for example {better}" if better else "")


RULE = Rule(manifest=check, dialects=("m365-copilot",), asks=measured("namespace", "function.name"))
