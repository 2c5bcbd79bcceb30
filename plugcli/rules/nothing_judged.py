"""None of the chosen hosts can judge anything here.

A host that reads only the OpenAPI document cannot judge a manifest, a host that does not accept OpenAPI 3.2 cannot judge such a document,
and no host can judge a web page or an empty folder.
Without this finding such a run would end with status 0, as if a host had accepted something, so it cannot be ignored. If some of the
hosts judge the target, a note for each of the others says why it does not.

Bad:

    $ plugcli validate --for mcp http://localhost:8000
    http://localhost:8000: error: nothing is judged: the manifest at ...: the server answers 404 Not Found [nothing-judged]
      hint: validate the OpenAPI document itself: http://localhost:8000/openapi.json

Good:

    $ plugcli validate --for mcp http://localhost:8000/openapi.json
    http://localhost:8000/openapi.json: MCP accepts it (no errors, no warnings)
"""

from urllib.parse import urljoin, urlsplit

from plugcli.dialect import MANIFEST_DIALECTS, manifest_dialect, openapi_dialect
from plugcli.document import Document, ParseProblem
from plugcli.exchange import Part
from plugcli.hosts import Claim, Host
from plugcli.plugin import MANIFEST_PATHS, Plugin
from plugcli.rules import Place, Problem, Problems, Rule, is_version_judged

ID = "nothing-judged"
# No host reports this: it is about what status 0 means.
OURS = Claim("documented", "plugcli: a target that no host judges is reported", severity="note")
ERROR = Claim("enforced", "plugcli: status 0 means that something was judged")
_NOT_JUDGED = "not judged: "
# The findings of these rules already say why something is not judged; for some of them, why nothing is.
SAY_WHY = ("openapi-missing", "openapi-dialect", "openapi-syntax")
KNOW_BETTER = ("openapi-dialect", "openapi-syntax")
_PARTS: tuple[Part, ...] = ("openapi", "manifest")


def check(plugin: Plugin, host: Host) -> Problems:
    if is_judged(plugin, host):
        return
    where, why, hint = _why(plugin)
    yield Problem(where, _NOT_JUDGED + why, OURS, hint)


def is_judged(plugin: Plugin, host: Host) -> bool:
    """Whether there is a document of a kind that `host` reads."""
    manifest = plugin.manifest
    is_manifest = manifest is not None and manifest_dialect(manifest.data) in host.manifests
    return is_manifest or reads_openapi(plugin, host)


def reads_openapi(plugin: Plugin, host: Host) -> bool:
    """Whether the OpenAPI document has a version that is judged for `host`, or an older one that `host` is known to handle."""
    if plugin.openapi is None:
        return False
    if is_api(plugin.openapi):
        return host.openapi_versions is None or is_version_judged(plugin.openapi, host)
    older = host.claims.get("openapi-dialect/swagger")
    is_older = openapi_dialect(plugin.openapi.data) == "swagger"
    return is_older and older is not None and not older.leaves_open


def is_api(openapi: Document | None) -> bool:
    """Whether it is an OpenAPI document that rules can check."""
    return openapi is not None and openapi_dialect(openapi.data) in ("openapi", "version-missing")


def is_ours(claim: Claim) -> bool:
    """Whether `claim` says that nothing is judged. No host says that, and nobody can ignore it."""
    return claim.source == ERROR.source


def in_full(problem: Problem) -> Problem:
    """`problem`, which says why something is not judged, for a target of which nothing is judged."""
    message = f"nothing is judged: {problem.message.removeprefix(_NOT_JUDGED)}"
    return Problem(problem.where, message, ERROR, problem.hint)


def _why(plugin: Plugin) -> tuple[Place | ParseProblem | None, str, str]:
    """The place, why there is nothing to judge, and what to validate instead."""
    hint = _instead(plugin)
    for part in _PARTS:
        last = plugin.live.last(part) if plugin.live else None
        if last is None or last.failure is None:
            continue
        if not last.status:  # no server answered, and none would at another path
            hint = last.failure.hint or hint
        is_named = urlsplit(last.url).path == f"/{MANIFEST_PATHS[0]}"  # by the host, not by the user
        return None, f"{'the manifest at ' if is_named else ''}{last.url}: {last.failure.message}", hint
    problem = plugin.openapi_problem or plugin.manifest_problem
    if problem is not None:
        return problem, problem.message, hint
    if plugin.openapi is not None:
        return Place(plugin.openapi), "this is not an OpenAPI document", hint
    why = "there is no OpenAPI document here"
    if plugin.manifest is not None:
        dialect = manifest_dialect(plugin.manifest.data)
        where = Place(plugin.manifest, "/api/url" if dialect == "plugin" else "")
        what = (
            "this is AsyncAPI, which no host reads"
            if "asyncapi" in plugin.manifest.data
            else MANIFEST_DIALECTS[dialect]
        )
        return where, f"{why}: {what}", hint
    return None, why, hint


def _instead(plugin: Plugin) -> str:
    """What to validate in place of the target."""
    if plugin.nearby is not None:
        return f"validate the OpenAPI document itself: {plugin.nearby}"
    if plugin.live is not None:
        example = urljoin(plugin.live.exchanges[0].url, "/openapi.json") if plugin.live.exchanges else ""
        return f"validate the URL of the OpenAPI document itself, for example {example}"
    if plugin.manifest is None and plugin.manifest_path is not None:  # a file that is neither JSON nor YAML
        return "validate the OpenAPI document itself"
    return f"validate the OpenAPI document itself, or put openapi.yaml {'here' if plugin.manifest is None else 'beside the manifest'}"


RULE = Rule(plugin=check, is_ours=True, is_of_any_version=True)
