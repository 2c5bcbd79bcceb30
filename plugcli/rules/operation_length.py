"""The description or summary of an operation is longer than the host takes.

The documentation says 200 characters, measured were 300, and of the approved plugins one is longer than that.
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.operation import operations
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    for operation in operations(openapi):
        for name in ("description", "summary"):
            text = operation.data.get(name)
            length = len(text.strip()) if isinstance(text, str) else 0
            broken = [limit for limit in host.limits.get(f"operation.{name}", ()) if length > limit.most]
            if not broken:
                continue
            limit = max(broken, key=lambda each: each.most)
            message = f"the {name} of {operation.title} has {length:,} characters: at most {limit.most:,}"
            words = {**operation.words, "length": length}
            hint = "keep what tells when to call it: the rest can stand with the parameters and the answer"
            yield Problem(Place(openapi, f"{operation.where}/{name}"), message, limit.claim, hint, words)


RULE = Rule(openapi=check)
