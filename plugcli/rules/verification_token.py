"""The host's verification token is still missing.

With `service_http` and `oauth` ChatGPT shows a token while you install the plugin, and expects it in the manifest. Only the host can
give you the token, so this is a step to do, not an error.

Bad:

    "auth": {
      "type": "service_http",
      "authorization_type": "bearer",
      "verification_tokens": {"openai": "REPLACE_ME"}
    }

Good:

    "auth": {
      "type": "service_http",
      "authorization_type": "bearer",
      "verification_tokens": {"openai": "3ff1a0f5d1a64d8b"}
    }
"""

import re

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    auth = manifest.data.get("auth")
    kind = auth.get("type") if isinstance(auth, dict) else None
    if not isinstance(auth, dict) or not isinstance(kind, str) or kind not in host.auth_types:
        return
    if not host.auth_types[kind].has_token:
        return
    tokens = auth.get("verification_tokens")
    token = tokens.get("openai") if isinstance(tokens, dict) else None
    hint = (
        "install the plugin in the host, and put the token that it shows in auth.verification_tokens.openai"
    )
    if not isinstance(token, str) or not token.strip():
        yield Problem(
            Place(manifest, "/auth/verification_tokens/openai"),
            "the verification token from the host is still missing",
            "verification-token",
            hint,
        )
    elif re.search(r"replace|your|token|<|\{|xxx", token, re.IGNORECASE):
        yield Problem(
            Place(manifest, "/auth/verification_tokens/openai"),
            f"the verification token is a placeholder: {token}",
            "verification-token",
            hint,
        )


RULE = Rule(manifest=check)
