"""A template's placeholder is not filled in, or a URL is only an example.

`PLUGIN_HOSTNAME`, `{{BASE}}`, `$host` and `your-domain.com` are in 45 public plugins. A server may fill them in when a host requests
the document, so this is a warning. Example domains (RFC 2606) are fine while you develop, so they get a note.

Bad:

    "logo_url": "{{BASE}}/logo.png"

Good:

    "logo_url": "https://todo.plugcli.dev/logo.png"
"""

from collections.abc import Sequence

from plugcli.address import address, is_example, is_placeholder
from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule, named

_ADDRESSES = (
    ("api", "url"), ("logo_url",), ("legal_info_url",), ("auth", "client_url"), ("auth", "authorization_url"),
)  # fmt: skip


def check(manifest: Document, host: Host) -> Problems:
    texts = {parts: manifest.get(*parts) for parts in (*_ADDRESSES, ("contact_email",))}
    unfilled = [parts for parts, text in texts.items() if isinstance(text, str) and is_placeholder(text)]
    examples = [parts for parts, text in texts.items() if isinstance(text, str) and _is_example(text)]
    if unfilled:
        message = f"the placeholder in {_names(unfilled)} is not filled in: {texts[unfilled[0]]}"
        hint = "write the real URL, unless your server fills it in"
        yield Problem(Place(manifest, pointer.join(*unfilled[0])), message, "placeholder", hint)
    if examples:
        message = f"the address in {_names(examples)} is only an example: {texts[examples[0]]}"
        hint = "write the real address before others use the plugin"
        yield Problem(Place(manifest, pointer.join(*examples[0])), message, "example-address", hint)


def _is_example(text: str) -> bool:
    if "@" in text:
        domain = text.rpartition("@")[2]
        return is_example(domain) or domain == "localhost"
    return address(text).kind == "example"


def _names(places: Sequence[tuple[str, ...]]) -> str:
    return ", ".join(".".join(parts) for parts in places)


RULE = Rule(manifest=check, asks=named("example-address"))
