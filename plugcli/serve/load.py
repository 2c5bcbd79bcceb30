"""Load plugin.py, the plugin's own code, as an ASGI application.

The author's code runs in this process, as with `python plugin.py`. It is trusted. Code that a chat model sends is not, and
runs only in the sandbox.
"""

import importlib.abc
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from starlette.types import ASGIApp

from plugcli.errors import PlugcliError
from plugcli.sandbox import Engine
from plugcli.terminal_text import printable

_SHAPES = "plugin.py defines `app`, an ASGI application, or `create_app(sandbox)`, which returns one"


@dataclass(frozen=True)
class Code:
    """What plugin.py defines: `app`, or `create_app`, which needs a sandbox to make one."""

    file: str
    app: ASGIApp | None
    create_app: Callable[[Engine], object] | None

    @property
    def needs_engine(self) -> bool:
        """Whether the code asks for something that runs a model's code."""
        return self.create_app is not None

    def app_with(self, sandbox: Engine | None) -> ASGIApp:
        """Return the application; `create_app` makes it with `sandbox`. Raises PlugcliError where it makes none."""
        if self.app is not None:
            return self.app
        assert self.create_app is not None
        assert sandbox is not None
        try:
            app = self.create_app(sandbox)
        except Exception as error:
            raise _failed(error, self.file, "create_app(sandbox) failed") from error
        return _checked(app, f"what create_app returns in {self.file}")


def load_code(source: bytes, file: str, folder: Path | None) -> Code:
    """Run `source`, the text of plugin.py, and return what it defines. `file` is its name in messages and tracebacks.

    With `folder`, plugin.py can import the modules in that folder. Raises PlugcliError, with the cause and the line in the
    author's code, if the text cannot be run or does not define an application.
    """
    if folder is not None:
        sys.path.insert(0, str(folder.resolve()))
    module = _module(source, file)
    app = getattr(module, "app", None)
    if app is not None:  # first: `app = create_app()` is a common way to write one that needs no sandbox
        return Code(file, _checked(app, f"`app` in {file}"), None)
    create_app = getattr(module, "create_app", None)
    if create_app is None:
        raise PlugcliError(f"{file} defines neither app nor create_app", hint=_SHAPES)
    if not callable(create_app):
        raise PlugcliError(f"create_app in {file} is {_article(create_app)}, not a function", hint=_SHAPES)
    return Code(file, None, create_app)


class _Source(importlib.abc.SourceLoader):
    """Gives the import system a text that need not be in a file. Tracebacks show its lines all the same."""

    def __init__(self, source: bytes, file: str) -> None:
        self._source = source
        self._file = file

    def get_filename(self, fullname: str) -> str:
        return self._file

    def get_data(self, path: str) -> bytes:
        if path != self._file:
            raise FileNotFoundError(path)  # no cached byte code
        return self._source


def _module(source: bytes, file: str) -> ModuleType:
    spec = importlib.util.spec_from_loader("plugin", _Source(source, file))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["plugin"] = module  # dataclasses and pickle look classes up there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _failed(error, file, f"{file} cannot be run") from error
    return module


def _failed(error: BaseException, file: str, what: str) -> PlugcliError:
    if isinstance(error, SyntaxError) and error.filename == file:
        return PlugcliError(f"{what}: line {error.lineno}: {error.msg}", hint=_quoted(error.text))
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    line = f"line {own[-1].lineno}: " if own else ""
    said = printable(str(error).partition("\n")[0])
    cause = type(error).__name__ + (f": {said}" if said else "")
    hint = _quoted(own[-1].line) if own else ""
    if isinstance(error, ModuleNotFoundError):
        hint = f"install {error.name!r} into the environment that plugcli runs in ({sys.prefix})"
    return PlugcliError(f"{what}: {line}{cause}", hint=hint)


def _quoted(line: str | None) -> str:
    return f"the line is: {printable(line.strip())}" if line and line.strip() else ""


def _checked(app: Any, what: str) -> ASGIApp:
    """Return `app` if it is an ASGI 3 application. Raises PlugcliError otherwise, as for WSGI (Flask, Django's default)."""
    call = app if inspect.isroutine(app) else getattr(app, "__call__", None)  # noqa: B004 (its kind is asked)
    if inspect.isclass(app) or not inspect.iscoroutinefunction(call):
        raise PlugcliError(
            f"{what} is {_article(app)}, not an ASGI application",
            hint="an ASGI application is `async def app(scope, receive, send)`, or an object of Starlette, "
            "FastAPI or Quart; a Flask one needs an adapter",
        )
    checked: ASGIApp = app
    return checked


def _article(value: object) -> str:
    if inspect.isclass(value):
        return f"the class {value.__name__}"
    return f"of type {type(value).__name__}"
