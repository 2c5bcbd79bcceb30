"""The lines that `plugcli serve` prints when it is ready: `key: value`, the sandbox first."""

import sys
from collections.abc import Iterator
from pathlib import Path

from plugcli.cli.serve.data_packages import missing_packages
from plugcli.missing import missing_files
from plugcli.sandbox import Status
from plugcli.serve.options import Options
from plugcli.serve.service import Service
from plugcli.terminal_text import printable


def banner(options: Options, service: Service, status: Status | None) -> list[str]:
    """Return the lines. `status` is the status of the engine; None if the plugin does not run code."""
    lines = ["sandbox: not needed, because this plugin does not run code from a model"]
    if status is not None:
        lines = list(_about_code(options, status))
    lines += _about_plugin(service)
    if service.token is not None:
        lines.append("token: calls need 'Authorization: Bearer TOKEN'; the documents are public")
    lines += [f"listening: {url}" for url in service.listener.urls]
    lines.append(f"paste into the chat host: {service.listener.paste}")
    return lines


def _about_code(options: Options, status: Status) -> Iterator[str]:
    """Yield the lines about running code: the sandbox, sessions, preloaded modules and missing packages."""
    yield f"sandbox: {status.protection.first_line}"
    if options.stateless:
        yield "sessions: none, each call starts fresh (--stateless)"
    else:
        yield (
            f"sessions: {options.sessions} at most, each ends after {options.session_idle:g} s "
            f"without use or {options.session_life:g} s"
        )
    if options.modules():
        yield f"preloaded: {', '.join(status.preloaded) or 'nothing'}"
    missing = missing_packages(options.python)
    if missing:
        yield (
            f"missing: {', '.join(missing)}; code that imports them fails until they are installed for "
            f"{options.python or sys.executable} (in plugcli's checkout: pip install -e '.[data]')"
        )


def _about_plugin(service: Service) -> Iterator[str]:
    """Yield the lines about the plugin, with a warning for everything that hosts will not find."""
    source = service.source
    plugin = source.plugin()
    manifest = plugin.manifest.data if plugin.manifest else {}
    name = printable(str(manifest.get("name_for_human", "without a name")))
    where = "in the current directory" if source.folder == Path() else source.name
    if source.folder is None:
        where = "built in, because the current directory has no plugin"
    yield f"plugin: {name} ({where})"
    for problem in (plugin.manifest_problem, plugin.openapi_problem):
        if problem:
            place = f"{problem.file}:{problem.position.line}:{problem.position.column}"
            yield f"warning: no host can read {place}: {printable(problem.message)}"
    for file in missing_files(plugin):
        yield f"warning: {printable(file.message)}"
    if service.code is None:
        yield "warning: there is no plugin.py, so calls are answered with 501"
