"""There is no OpenAPI document here to judge.

A folder or a file is judged offline. The document is the one that `api.url` names, looked for beside the manifest; it may well be
made by the server when it is asked.

Bad:

    $ ls -A
    ai-plugin.json
    $ plugcli validate .
    note: the OpenAPI document is not judged: there is no such file here [openapi-missing]

Good:

    $ ls -A
    ai-plugin.json  openapi.yaml
"""

from plugcli.dialect import manifest_dialect
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule


def check(plugin: Plugin, host: Host) -> Problems:
    if plugin.openapi_path is not None or plugin.manifest is None or plugin.live is not None:
        return
    if manifest_dialect(plugin.manifest.data) not in ("plugin", "baidu"):
        return
    where = Place(plugin.manifest, "/api/url")
    message = "the OpenAPI document is not judged: there is no such file here"
    hint = "name the plugin's address to judge what its server says, or put openapi.yaml beside the manifest"
    yield Problem(where, message, "openapi-missing", hint)


RULE = Rule(plugin=check)
