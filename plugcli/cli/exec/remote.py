"""`plugcli exec --session`: runs code in a session of a running `plugcli serve`, as its client.

There is no hidden daemon: without a server there is no session. The server's replies are as untrusted as the output of sandboxed code.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import quote, unquote_to_bytes

from plugcli.bearer_token import take_token
from plugcli.cli import render
from plugcli.cli.exec.bring import CHUNK_BYTES, Input, look_at
from plugcli.cli.exec.output import Output
from plugcli.cli.exec.script import held, read_source
from plugcli.client import REFUSAL_BYTES, Client, Patience, Refused
from plugcli.client.events import Event, events, json_object, number_of, objects_of, text_of
from plugcli.errors import PlugcliError, UsageError
from plugcli.sandbox import gate
from plugcli.terminal_text import printable

if TYPE_CHECKING:
    from plugcli.cli.exec.out_folder import OutFolder

    Stream = Literal["stdout", "stderr"]

URL = "http://localhost:5003"
URL_VARIABLE = "PLUGCLI_SERVER"
NEW = "new"

MARGIN_SECONDS = 60.0
"""How much longer than the code's time limit a reply may take, because other calls of the session go first."""
_LONGEST_SECONDS = 60.0  # the default time limit of a call in `serve`
_DAY = 86400
_SLOWEST = 64 * 1024  # the slowest accepted transfer, in bytes per second
_UPLOAD_SILENT_SECONDS = 90.0  # `serve` gives an upload 60 s
_LEFT_OUT = re.compile(r"\n\[\.\.\. (\d+) more bytes left out \.\.\.\]\n\Z")
_TAIL_CHARACTERS = 100


def run_remote(
    session: str,
    script: str | None,
    *,
    code: str | None = None,
    timeout: float | None = None,
    json: bool = False,
    files: Sequence[str] = (),
    out: str | None = None,
    url: str | None = None,
    token_file: str | None = None,
) -> int:
    """Run `script` (a path, or - for standard input), or `code`, in the session `session` of the server at `url`; return the exit status.

    `files` are uploaded to the session first. The files that the code made or changed are written to the folder `out`. Raises UsageError.
    """
    if timeout is not None and not 0 < timeout <= _DAY:  # NaN is not above 0
        raise UsageError(
            f"--timeout {timeout} is out of range",
            hint="give seconds: more than 0, and at most 86400 (a day)",
        )

    def work() -> int:
        source, name = read_source(script, code)
        inputs = look_at(files, None)
        client = Client(url or os.environ.get(URL_VARIABLE) or URL, _token(token_file))
        with contextlib.ExitStack() as stack:
            out_folder = None if out is None else stack.enter_context(_out_folder(out))
            where = _bring(client, inputs, session)
            run = _RemoteRun(client, where, timeout, is_quiet=json)
            result = run.run(_text(source, name))
            _report(result, run, json=json, is_new=session == NEW)
            if out_folder is not None:
                _fetch(client, result, out_folder)
                for line in out_folder.notes(is_brief=json):
                    render.note(line)
        return number_of(result, "returncode", 255)

    return held(work)


class _RemoteRun:
    """One `POST /execute`, whose output is printed as it arrives."""

    def __init__(self, client: Client, session: str, timeout: float | None, *, is_quiet: bool) -> None:
        self._client = client
        self._body = {"session": session} | ({} if timeout is None else {"timeout": timeout})
        self._seconds = (timeout or _LONGEST_SECONDS) + MARGIN_SECONDS
        self._patience = Patience()
        self._output = None if is_quiet else Output()
        self.tails = {"stdout": "", "stderr": ""}
        """The last characters of each stream."""

    def run(self, source: str) -> dict[str, Any]:
        """Run the code; return the RunResult with its fields checked. Raises PlugcliError."""
        body = json.dumps({"code": source, **self._body}).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        headers |= {"Accept": "text/event-stream"}
        pieces = (body[at : at + CHUNK_BYTES] for at in range(0, len(body), CHUNK_BYTES))
        problem = PlugcliError(
            f"{self._client.url} gave no result within {self._seconds:g} s",
            hint="give a larger --timeout to code that needs longer",
        )
        try:
            with (
                self._patience.within(self._seconds, problem),
                self._client.request("POST", "/execute", pieces, self._client.headers(**headers)) as reply,
            ):
                if reply.mime != "text/event-stream":
                    raise self._client.broken("its reply is not an event stream")
                return self._follow(reply.lines())
        finally:
            if self._output is not None:
                self._output.finish()

    def _follow(self, lines: Iterator[bytes]) -> dict[str, Any]:
        try:
            for event in events(lines):
                if event.name == "output":
                    self._print(event)
                elif event.name == "result":
                    return _checked(event.data)
                elif event.name == "error":
                    raise PlugcliError(
                        f"{self._client.url} failed: {printable(text_of(event.data, 'error'))}",
                        hint=printable(text_of(event.data, "hint")),
                    )
        except ValueError as error:
            raise self._client.broken(printable(str(error))) from error
        raise self._client.broken("its reply ended before the result")

    def _print(self, event: Event) -> None:
        name, text = text_of(event.data, "stream"), text_of(event.data, "text")
        if name in self.tails:
            self.print(cast("Stream", name), text)

    def print(self, name: "Stream", text: str) -> None:
        """Print output of the code."""
        self.tails[name] = (self.tails[name] + text)[-_TAIL_CHARACTERS:]
        if self._output is not None:
            with self._patience.paused():
                self._output.write(name, text.encode(errors="replace"))


def _out_folder(out: str) -> "OutFolder":
    from plugcli.cli.exec.out_folder import OutFolder
    from plugcli.sandbox import Policy

    return OutFolder(out, Policy.workspace_bytes)


def _token(file: str | None) -> str | None:
    return take_token(None if file is None else Path(file), os.environ)


def _text(source: bytes, name: str | None) -> str:
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlugcliError(
            f"{name or 'the code'} is not UTF-8: byte {error.start + 1}", hint="a session needs code in UTF-8"
        ) from None


def _bring(client: Client, inputs: Sequence[Input], session: str) -> str:
    """Upload the files; return the session to run in, which is the id of a new session if one was started."""
    for each in inputs:
        problem = client.broken(f"the upload of {each.path} took too long")
        query = (
            f"session={quote(os.fsencode(session), safe='')}&name={quote(os.fsencode(each.name), safe='')}"
        )
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(each.size)}
        seconds = MARGIN_SECONDS + _UPLOAD_SILENT_SECONDS + each.size / _SLOWEST
        with (
            each.open() as file,
            Patience().within(seconds, problem),
            client.request(
                "POST",
                f"/files?{query}",
                each.chunks(file),
                client.headers(**headers),
                silent_seconds=_UPLOAD_SILENT_SECONDS,
            ) as reply,
        ):
            said = reply.read(REFUSAL_BYTES)
        if session == NEW:
            try:
                session = text_of(json_object(said)["session"], "id")
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise client.broken("its reply does not name a session") from error
    return session


def _fetch(client: Client, result: dict[str, Any], out_folder: "OutFolder") -> None:
    """Download the files that the code made or changed. Raises PlugcliError if the server or the folder fails."""
    from plugcli.cli.exec.out_folder import shown

    for file in objects_of(result, "files"):
        name, size = text_of(file, "name"), number_of(file, "bytes", 1 << 62)
        path = client.path_of(file.get("url"))
        if path is None:
            out_folder.leave_out(f"{shown(name)}: its address is not on {client.url}")
            continue
        problem = client.broken(f"the download of {shown(name)} took too long")
        with Patience().within(MARGIN_SECONDS + size / _SLOWEST, problem):
            _download(client, path, _exact(name, path), out_folder)
    if left_out := result["truncated"]["files"]:
        out_folder.leave_out(f"{left_out} files that the reply does not list")


def _exact(name: str, path: str) -> str:
    """Return the file's name as the code chose it: JSON cannot express every name, but the address can."""
    exact = os.fsdecode(unquote_to_bytes(path.partition("/files/")[2].partition("/")[2]))
    return exact if gate.text(exact) == name else name


def _download(client: Client, path: str, name: str, out_folder: "OutFolder") -> None:
    from plugcli.cli.exec.out_folder import shown

    try:
        with client.request("GET", path) as reply:
            if reply.length is None:
                raise client.broken("it does not declare the length of a file")
            out_folder.write(name, reply.length, reply.chunks(reply.length))
    except Refused as refused:
        if refused.status not in (404, 409):  # deleted since, or its mode forbids reading
            raise
        out_folder.leave_out(f"{shown(name)}: {refused.message}")


def _checked(result: dict[str, Any]) -> dict[str, Any]:
    """Return `result` if it is a RunResult. Raises ValueError."""
    number_of(result, "returncode", 255)
    for name in ("stdout", "stderr", "outcome", "reason"):
        text_of(result, name)
    if result.get("result") is not None:
        text_of(result, "result")
    for display in objects_of(result, "displays"):
        text_of(display, "mime")
        text_of(display, "url" if "url" in display else "text")
    for file in objects_of(result, "files"):
        text_of(file, "name")
        number_of(file, "bytes", 1 << 62)
    for name in ("truncated", "session"):
        if not isinstance(result.get(name), dict):
            raise ValueError(f"{name} is not an object")
    for name in ("stdout", "stderr", "files"):
        number_of(result["truncated"], name, 1 << 62)
    for name in ("id", "notice"):
        text_of(result["session"], name)
    return result


def _report(result: dict[str, Any], run: _RemoteRun, *, json: bool, is_new: bool) -> None:
    """Print the result: as JSON, or the value as a notebook shows it, and the rest as notes."""
    if json:
        _print_json(result)
        return
    value = result.get("result")
    if value is not None:
        stdout = run.tails["stdout"]
        run.print("stdout", f"{value}\n" if stdout.endswith("\n") or not stdout else f"\n{value}\n")
    for line in notes(result, run.tails, is_new=is_new):
        render.note(printable(line))


def notes(result: dict[str, Any], tails: dict[str, str], *, is_new: bool) -> list[str]:
    """Return the notes on a RunResult, apart from its streams and value. `tails` holds the last characters printed of each stream."""
    lines = [] if result["outcome"] in ("ok", "error") else [result["reason"]]
    for name, tail in tails.items():
        # `truncated` also counts text that was printed but cut from the reply, so look for the mark of the sandbox's own limit.
        mark = _LEFT_OUT.search(result[name])
        if mark and not tail.endswith(mark[0]):
            lines.append(f"{name} exceeded the output limit: {mark[1]} more bytes were left out")
    lines += [f"{display['mime']}: {display['url']}" for display in result["displays"] if "url" in display]
    texts = [display["mime"] for display in result["displays"] if "url" not in display]
    if texts:
        lines.append(f"not shown: {', '.join(texts)}; --json includes it")
    if is_new:
        lines.append(f"the session is {result['session']['id']}")
    return [*lines, *filter(None, [result["session"]["notice"]])]


def _print_json(result: dict[str, Any]) -> None:
    print(gate.json_text(result))
