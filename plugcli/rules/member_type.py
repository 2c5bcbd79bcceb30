"""A member of the manifest has the wrong JSON type.

Names, descriptions and addresses are text, `auth` and `api` are objects. `schema_version` is text too: "v1".
"""

from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.rules import Place, Problem, Problems, Rule

_IN_WORDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


def check(manifest: Document, host: Host) -> Problems:
    for name, member in host.members.items():
        value = manifest.data.get(name)
        wanted = str if member.type == "text" else dict
        if value is None or isinstance(value, wanted):
            continue
        claim = member.missing or Claim("documented", "the format of the manifest")
        message = f"{name} is {_IN_WORDS[type(value)]}, and must be {_IN_WORDS[wanted]}"
        yield Problem(Place(manifest, f"/{name}"), message, claim)


RULE = Rule(manifest=check)
