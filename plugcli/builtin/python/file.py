"""One file of a session, at an address that nobody can guess: `GET` and `DELETE /files/LINK/NAME`.

Whoever has the address, which links.py writes, may fetch the file. Deleting it also has to pass the guard.
"""

from dataclasses import dataclass

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import Receive, Scope, Send

from plugcli.builtin.python.download import send_file
from plugcli.builtin.python.refusals import refusal_of
from plugcli.builtin.python.terms import Terms, raw_path
from plugcli.errors import PlugcliError
from plugcli.respond import Refusal, send_refusal
from plugcli.sandbox import Engine

PATH = "/files/{link}/{name:plugcli_file}"


class _FileName(Convertor[str]):
    """A file name in a path. It may contain slashes and line breaks, which Starlette's `path` does not match."""

    regex = "(?s:.+)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("plugcli_file", _FileName())


@dataclass(frozen=True)
class OneFile:
    """One file at its address, as an ASGI application."""

    engine: Engine
    terms: Terms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            link = self.terms.links.read(raw_path(scope))
            files = None if link is None else await self.engine.files(link.handle)
            if link is None or files is None:
                raise Refusal(
                    404,
                    "there is no such file: the address is not one that this server gave, or the session "
                    "and its files have expired",
                    "ask for the list of files, or run the code again that wrote it",
                )
            if scope["method"] == "DELETE":
                await files.delete(link.name)
                await send({"type": "http.response.start", "status": 204, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
            is_head = scope["method"] == "HEAD"
            await send_file(files, link.name, dict(scope["headers"]), send, is_head=is_head)
        except Refusal as refusal:
            await send_refusal(refusal, send)
        except PlugcliError as error:
            await send_refusal(refusal_of(error), send)
