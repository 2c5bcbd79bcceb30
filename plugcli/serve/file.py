"""One file of a session, at an address that nobody can guess: `GET` and `DELETE /files/LINK/NAME`.

The address, which links.py writes, is the right to fetch the file; the guard lets nobody else delete it.
"""

from dataclasses import dataclass
from functools import partial

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import Receive, Scope, Send

from plugcli.errors import PlugcliError
from plugcli.sandbox import Download, Sandbox, Workspace
from plugcli.serve.answer import Refusal, send_refusal
from plugcli.serve.download import send_file
from plugcli.serve.refusals import refusal_of
from plugcli.serve.terms import Terms, raw_path

PATH = "/files/{link}/{name:plugcli_file}"


class _FileName(Convertor[str]):
    """A name may hold slashes, and line ends too, which Starlette's own `path` does not take."""

    regex = "(?s:.+)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("plugcli_file", _FileName())


@dataclass(frozen=True)
class OneFile:
    """One file at its address, as an ASGI application."""

    sandbox: Sandbox
    terms: Terms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            link = self.terms.links.read(raw_path(scope))
            workspace = None if link is None else self.sandbox.sessions.files(link.handle)
            if link is None or workspace is None:
                raise Refusal(
                    404,
                    "there is no such file: the address is not one that this server gave, or the session "
                    "and its files have expired",
                    "ask for the list of files, or run the code again that wrote it",
                )
            if scope["method"] == "DELETE":
                await workspace.aside(workspace.delete, link.name)
                await send({"type": "http.response.start", "status": 204, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
            async with workspace.opened(link.name) as download:
                is_head = scope["method"] == "HEAD"
                read = partial(_read, workspace, download)
                await send_file(download, read, link.name, dict(scope["headers"]), send, is_head=is_head)
        except Refusal as refusal:
            await send_refusal(refusal, send)
        except PlugcliError as error:
            await send_refusal(refusal_of(error), send)


async def _read(workspace: Workspace, download: Download, offset: int, count: int) -> bytes:
    return await workspace.aside(download.read, offset, count)
