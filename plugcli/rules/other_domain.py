"""The legal page or the login page is on another domain than the API.

OpenAI's documentation wants them on the plugin's own domain, but nobody enforced it, so this is a note. A quarter of the approved
plugins have the legal page on another domain, and nearly half of those with OAuth have the login page there, many at an identity
provider. E-mail address and picture may be anywhere. Plugins on localhost are not checked.

Bad:

    "legal_info_url": "https://terms.example-lawyers.com/todo"

Good:

    "legal_info_url": "https://www.plugcli.dev/legal"
"""

from plugcli.address import Address, address
from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule

_MEMBERS = (("legal_info_url",), ("auth", "client_url"), ("auth", "authorization_url"))


_HINT = "keep them if a provider hosts them: no host refuses this"


def check(manifest: Document, host: Host) -> Problems:
    home = _public(manifest, "api", "url")
    if home is None:
        return
    pages = {parts: _public(manifest, *parts) for parts in _MEMBERS}
    elsewhere = {
        parts: page.host for parts, page in pages.items() if page is not None and not page.shares_domain(home)
    }
    if elsewhere:
        first = next(iter(elsewhere))
        names = ", ".join(f"{'.'.join(parts)} at {page}" for parts, page in elsewhere.items())
        message = f"not on the API's own domain, {home.host}: {names}"
        yield Problem(Place(manifest, pointer.join(*first)), message, "other-domain", _HINT)


def _public(manifest: Document, *parts: str) -> Address | None:
    text = manifest.get(*parts)
    found = address(text.strip()) if isinstance(text, str) else None
    return found if found is not None and found.kind in ("https", "http") else None


RULE = Rule(manifest=check)
