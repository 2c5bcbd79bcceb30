"""A name in a Microsoft 365 Copilot manifest has characters that its documentation does not allow.

The documentation and the JSON Schemas disagree. The documentation allows letters and digits in a namespace; the schema of
v2.4 also allows a hyphen, and the earlier schemas an underscore. In the name of a function, only the schema of v2.4 allows
a hyphen. A name that both allow is safe.

Bad:

    $ plugcli validate --for m365-copilot appPackage
    appPackage/ai-plugin.json:5:16: warning: the namespace my-todos may contain only letters and digits [copilot-name]
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
    """Report only the hyphens and underscores on which they disagree; copilot-schema reports what the schema refuses too."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        return
    for form in host.forms.get(what, ()):
        if not re.fullmatch(form.pattern, name):
            message = f"the {what.partition('.')[0]} {name} may contain only {form.words}"
            yield Problem(where, message, form.claim, f"for example {better}" if better else "")


RULE = Rule(manifest=check, dialects=("m365-copilot",), asks=measured("namespace", "function.name"))
