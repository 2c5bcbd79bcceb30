"""`plugcli serve`: the plugin, served the way a chat host needs it."""

import contextlib
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plugcli.cli import render
from plugcli.cli.text import printable
from plugcli.errors import UsageError
from plugcli.sandbox import gate

if TYPE_CHECKING:
    from plugcli.sandbox import Policy, Status
    from plugcli.serve.listen import Listener
    from plugcli.serve.source import Source

BUILT_IN = "python"


def serve(
    folder: Annotated[
        Path | None,
        typer.Argument(
            show_default=False,
            help="The plugin's folder. Without it: the plugin in the current directory, else the built-in "
            "one, which runs Python.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen on. Any but a loopback address needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 5003,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="Pages of this origin may call too, such as https://chat.example.com. Repeatable.",
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A file with the token that calls must carry; the variable PLUGCLI_TOKEN does the same.",
        ),
    ] = None,
    answer_characters: Annotated[
        int, typer.Option(min=2_000, help="Answers of /execute stay shorter: chat hosts cut at 100,000.")
    ] = 100_000,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", show_default="30", help="Wall time of a run.")
    ] = None,
    timeout_max: Annotated[
        float | None, typer.Option(metavar="SECONDS", show_default="60", help="Most that a call may ask for.")
    ] = None,
    memory: Annotated[
        str, typer.Option(metavar="SIZE", help="Memory of a run, its files included.")
    ] = "1GiB",
    workspace: Annotated[
        str, typer.Option(metavar="SIZE", help="Files of a run in /mnt/data; at most half of its memory.")
    ] = "512MiB",
    output: Annotated[str, typer.Option(metavar="SIZE", help="Kept of stdout, and of stderr.")] = "1MiB",
    processes: Annotated[int, typer.Option(metavar="N", help="Processes and threads of a run.")] = 64,
    open_files: Annotated[int, typer.Option(metavar="N", help="Open files of a process.")] = 256,
    cpus: Annotated[int, typer.Option(metavar="N", help="CPUs of a run.")] = 2,
    jails: Annotated[
        int, typer.Option(metavar="N", help="Runs without a session at a time; others wait.")
    ] = 32,
    stateless: Annotated[
        bool, typer.Option("--stateless", help="Keep no sessions: each call starts afresh, without files.")
    ] = False,
    sessions: Annotated[
        int, typer.Option(min=1, metavar="N", help="Sessions at a time; the one idle longest makes room.")
    ] = 32,
    session_idle: Annotated[
        float, typer.Option(metavar="SECONDS", help="A session ends after so long without use.")
    ] = 1200,
    session_life: Annotated[
        float, typer.Option(metavar="SECONDS", help="A session ends after so long at the latest.")
    ] = 14400,
    sessions_memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            show_default="half of the machine's",
            help="Memory of all sessions together, their files included.",
        ),
    ] = None,
    file_size: Annotated[str, typer.Option(metavar="SIZE", help="Size of an uploaded file.")] = "100MiB",
    preload: Annotated[
        str,
        typer.Option(
            metavar="MODULES",
            help="Modules, with commas between, that sessions and calls that name one find imported already, "
            "where they are installed; or: none.",
        ),
    ] = "numpy,pandas,matplotlib",
    python: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The interpreter of the code, or a venv; default: plugcli's own."),
    ] = None,
) -> None:
    """Serve a plugin, its documents and its API, the way a chat host needs it.

    Code that a model sends runs in the sandbox, and only there. Ctrl-C stops it.
    """
    from plugcli.bearer_token import take_token
    from plugcli.sandbox import Policy, Sandbox
    from plugcli.sandbox.amounts import parse_bytes
    from plugcli.serve.listen import listen
    from plugcli.serve.load import load_code
    from plugcli.serve.server import Service
    from plugcli.serve.server import serve as run
    from plugcli.serve.site import site
    from plugcli.serve.source import CODE_FILE
    from plugcli.serve.terms import Terms
    from plugcli.serve.token import require_token

    wall_seconds, wall_seconds_max = _times(timeout, timeout_max)
    policy = Policy(
        wall_seconds=wall_seconds,
        wall_seconds_max=wall_seconds_max,
        memory_bytes=parse_bytes(memory),
        workspace_bytes=parse_bytes(workspace),
        output_bytes=parse_bytes(output),
        processes=processes,
        open_files=open_files,
        cpus=cpus,
        jails=jails,
        sessions=0 if stateless else sessions,
        session_idle_seconds=session_idle,
        session_life_seconds=session_life,
        session_memory_bytes=None if sessions_memory is None else parse_bytes(sessions_memory),
        file_bytes=parse_bytes(file_size),
    )
    modules = _modules(preload)
    token = take_token(token_file, os.environ)  # before the plugin's code runs
    source = _source(folder)
    with listen(host, port) as listener:
        if not listener.is_loopback and token is None:
            raise require_token(host)
        place = site(host, listener.port, is_loopback=listener.is_loopback, allowed=allow_origin or ())
        text = source.code()
        code = None if text is None else load_code(text, f"{source.name}/{CODE_FILE}", source.folder)

        def announce(status: "Status | None") -> None:
            has_code, has_token = code is not None, token is not None
            about_code = []
            if status is not None:
                about_code = _code_lines(policy, status, modules, python, stateless=stateless)
            _say(_banner(source, listener, status, about_code, has_code=has_code, has_token=has_token))

        terms = Terms(answer_characters, is_stateless=stateless, origin=place.origin)
        engine = partial(Sandbox, policy, python=python, preload=modules)
        service = Service(source, code, listener, place, token, terms, policy, engine)
        run(service, when_listening=announce, log=_log)


def _times(timeout: float | None, timeout_max: float | None) -> tuple[float, float]:
    """`wall_seconds` and `wall_seconds_max`: one that is given alone takes the other along where it must."""
    from plugcli.sandbox import Policy

    if timeout is None:
        longest = Policy.wall_seconds_max if timeout_max is None else timeout_max
        return min(Policy.wall_seconds, longest), longest
    if timeout_max is None:
        return timeout, max(timeout, Policy.wall_seconds_max)
    if timeout > timeout_max:
        raise UsageError(
            f"--timeout {timeout:g} is more than --timeout-max {timeout_max:g}",
            hint="--timeout is the default of a call, --timeout-max what a call may ask for",
        )
    return timeout, timeout_max


def _modules(preload: str) -> tuple[str, ...]:
    """The modules that --preload names. Raises UsageError for what names none."""
    names = tuple(name.strip() for name in preload.split(",") if name.strip())
    if names == ("none",):
        return ()
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise UsageError(
                f"--preload {preload!r}: {name!r} is not a module's name",
                hint="write names with commas between, such as numpy,pandas; or none",
            )
    return names


def _source(folder: Path | None) -> "Source":
    from plugcli.serve.source import folder_source, is_plugin, memory_source

    if folder is not None:
        return folder_source(folder)
    if is_plugin(Path()):
        return folder_source(Path())
    from plugcli.scaffold import render, templates

    return memory_source(render(templates()[BUILT_IN], {}), f"templates/{BUILT_IN}")


def _banner(
    source: "Source",
    listener: "Listener",
    status: "Status | None",
    about_code: list[str],
    *,
    has_code: bool,
    has_token: bool,
) -> list[str]:
    """What `serve` says once it listens: `key: value` lines, the sandbox first."""
    from plugcli.missing import missing_files

    plugin = source.plugin()
    manifest = plugin.manifest.data if plugin.manifest else {}
    name = printable(str(manifest.get("name_for_human", "without a name")))
    where = "in the current directory" if source.folder == Path() else source.name
    if source.folder is None:
        where = "built in, as the current directory holds no plugin"
    lines = [*_sandbox_lines(status), *about_code, f"plugin: {name} ({where})"]
    for problem in (plugin.manifest_problem, plugin.openapi_problem):
        if problem:
            place = f"{problem.file}:{problem.position.line}:{problem.position.column}"
            lines.append(f"warning: no host can read {place}: {printable(problem.message)}")
    lines += [f"warning: {printable(each.message)}" for each in missing_files(plugin)]
    if not has_code:
        lines.append("warning: there is no plugin.py, so calls are answered with 501")
    if has_token:
        lines.append("token: calls need 'Authorization: Bearer TOKEN'; the documents are public")
    lines += [f"listening: {url}" for url in listener.urls]
    lines.append(f"paste into the chat host: {listener.paste}")
    return lines


def _sandbox_lines(status: "Status | None") -> list[str]:
    if status is None:
        return ["sandbox: not needed, as this plugin runs no code of a model"]
    return [f"sandbox: {status.protection.first_line}"]


def _code_lines(
    policy: "Policy", status: "Status", modules: tuple[str, ...], python: str | None, *, stateless: bool
) -> list[str]:
    """What code finds here: sessions or none, what is imported for it, and what it will miss."""
    from plugcli.cli.data_packages import missing_packages

    lines = [
        "sessions: none, each call starts afresh (--stateless)"
        if stateless
        else f"sessions: {policy.sessions} at most, each ends after {policy.session_idle_seconds:g} s "
        f"without use or {policy.session_life_seconds:g} s"
    ]
    if modules:
        lines.append(f"preloaded: {', '.join(status.preloaded) or 'nothing'}")
    missing = missing_packages(python)
    if missing:
        lines.append(
            f"missing: {', '.join(missing)}; code that imports them fails until they are installed for "
            f"{python or sys.executable} (in plugcli's checkout: pip install -e '.[data]')"
        )
    return lines


def _say(lines: list[str]) -> None:
    """Print the start's lines. A reader that has gone (`| head -1`) does not stop a server."""
    try:
        for line in lines:
            print(printable(line), flush=True)
    except BrokenPipeError:
        render.stop_printing()


def _log(line: str) -> None:
    """A line of the server's log on standard error; a log that nobody can read any more stops nothing.

    What more lines there are, of a traceback, stand back, so that none of them passes for a line of its own.
    """
    if sys.stderr is None:  # started with `2>&-`; print would take standard output instead
        return
    with contextlib.suppress(OSError):
        print(time.strftime("%H:%M:%S"), gate.lines(line).replace("\n", "\n  "), file=sys.stderr, flush=True)
