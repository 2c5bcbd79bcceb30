"""`contact_email` is not a valid e-mail address.

The host and its users write to it. It may be at another domain than the plugin: half of the approved plugins have such an address.

Bad:

    "contact_email": "todo.plugcli.dev"

Good:

    "contact_email": "hello@plugcli.dev"
"""

import re

from plugcli.address import is_example, is_placeholder
from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    value = manifest.data.get("contact_email")
    if not isinstance(value, str) or not value.strip() or is_placeholder(value):
        return
    domain = value.rpartition("@")[2]
    if is_example(domain) or domain == "localhost":
        return
    if not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", value.strip()):
        message = f"contact_email is not a valid e-mail address: {value}"
        yield Problem(
            Place(manifest, "/contact_email"), message, "contact-email", "for example support@your.domain"
        )


RULE = Rule(manifest=check)
