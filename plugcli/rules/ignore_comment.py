"""An ignore comment gives no reason, names no rule, or matches no finding.

Write `# plugcli: ignore[rule] reason` in a YAML document, on the line of a finding or alone on the line above. Separate several
rules with commas. Without a reason nobody can tell later whether the comment is still needed, so it has no effect. A comment that
matches no finding any more would hide a new one. JSON has no comments: use the list in the configuration.

Bad:

    info:
      title: Todo  # plugcli: ignore[operation-id]
      version: "1"

Good:

    paths:
      /health:
        get:  # plugcli: ignore[operation-id] only the load balancer asks
          summary: Is the server well?
          responses:
            "200":
              description: It is
"""

from difflib import get_close_matches

from plugcli.hosts import Claim, Host
from plugcli.ignore import IgnoreComment, ignore_comments
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule, all_rules

# No host reports this: it is about what plugcli shows the author.
OURS = Claim("documented", "plugcli: an ignore comment names rules, gives a reason and matches a finding")
_FORM = "write # plugcli: ignore[rule] reason"


def check(plugin: Plugin, host: Host) -> Problems:
    for comment in ignore_comments(plugin.openapi) if plugin.openapi else ():
        unknown = [rule for rule in comment.rules if rule not in all_rules()]
        if not comment.rules:
            yield _problem(comment, "this ignore comment names no rule in brackets", _FORM)
        elif unknown:
            close = get_close_matches(unknown[0], all_rules(), n=1)
            hint = f"did you mean {close[0]}?" if close else "`plugcli rules` lists them"
            yield _problem(comment, f"this ignore comment names an unknown rule: {unknown[0]}", hint)
        elif not comment.reason:
            yield _problem(comment, "this ignore comment gives no reason, so it has no effect", _FORM)


def idle(comment: IgnoreComment, rule: str) -> Problem:
    """The problem of a comment that ignores `rule` where `rule` finds nothing."""
    hint = "remove it, or move it to the line of the finding or the line above"
    return _problem(
        comment, f"this ignore comment matches no finding: {rule} finds nothing on line {comment.line}", hint
    )


def _problem(comment: IgnoreComment, message: str, hint: str) -> Problem:
    return Problem(Place(comment.document, position=comment.position), message, OURS, hint)


RULE = Rule(plugin=check, is_ours=True, is_same_for_all=True, is_of_any_version=True)
