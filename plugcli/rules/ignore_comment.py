"""A comment that ignores a rule lacks its reason, names no rule, or ignores nothing.

`# plugcli: ignore[rule] reason` stands on the line of a finding in a YAML document, or alone on the line above; several
rules have commas between them. Without a reason nobody can tell later whether it still holds, so it ignores nothing
then; and one that outlives its finding would hide the next. JSON has no comments: the configuration has a list for it.

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

# No host minds: it is about what the author of the plugin hears from us.
OURS = Claim("documented", "plugcli: an ignore names rules, gives a reason, and ignores something")
_FORM = "write # plugcli: ignore[rule] and why"


def check(plugin: Plugin, host: Host) -> Problems:
    for comment in ignore_comments(plugin.openapi) if plugin.openapi else ():
        unknown = [rule for rule in comment.rules if rule not in all_rules()]
        if not comment.rules:
            yield _problem(comment, "this ignore names no rule in brackets", _FORM)
        elif unknown:
            close = get_close_matches(unknown[0], all_rules(), n=1)
            hint = f"did you mean {close[0]}?" if close else "`plugcli rules` lists them"
            yield _problem(comment, f"this ignores {unknown[0]}, and there is no such rule", hint)
        elif not comment.reason:
            yield _problem(comment, "this ignore gives no reason, so it ignores nothing", _FORM)


def idle(comment: IgnoreComment, rule: str) -> Problem:
    """What is to be said of a comment that ignores `rule` where that finds nothing."""
    hint = "remove it, or move it to the line of the finding, or alone to the line above"
    return _problem(comment, f"this ignores nothing: {rule} finds nothing on line {comment.line}", hint)


def _problem(comment: IgnoreComment, message: str, hint: str) -> Problem:
    return Problem(Place(comment.document, position=comment.position), message, OURS, hint)


RULE = Rule(plugin=check, is_ours=True, is_same_for_all=True, is_of_any_version=True)
