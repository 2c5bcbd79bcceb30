"""plugin.py as an ASGI application, and a sentence for each way in which it is none."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugcli.errors import PlugcliError
from plugcli.serve.load import load_code

FILE = "mine/plugin.py"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no file has that name: tracebacks would quote it."""
    monkeypatch.chdir(tmp_path)


APP = "async def app(scope, receive, send): pass\n"


@pytest.fixture(autouse=True)
def _own_modules() -> Iterator[None]:
    """Loading a plugin changes sys.path and sys.modules, as it should: undo that between tests."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def failure(source: str | bytes) -> PlugcliError:
    with pytest.raises(PlugcliError) as caught:
        load_code(source.encode() if isinstance(source, str) else source, FILE, None)
    return caught.value


def test_app_is_loaded_without_a_sandbox() -> None:
    """A plugin that runs no code of a model needs no sandbox, on any system."""
    code = load_code(APP.encode(), FILE, None)
    assert code.app is not None
    assert code.create_app is None


def test_create_app_is_loaded() -> None:
    """It asks for a sandbox, and gets one when serving starts."""
    code = load_code(b"def create_app(sandbox): pass", FILE, None)
    assert code.app is None
    assert code.create_app is not None


def test_app_wins_over_create_app() -> None:
    """`app = create_app()` is how many people write one that needs no sandbox."""
    source = f"def create_app():\n    {APP}    return app\napp = create_app()\n"
    assert load_code(source.encode(), FILE, None).create_app is None


def test_modules_beside_plugin_can_be_imported(tmp_path: Path) -> None:
    """As `python plugin.py` would."""
    (tmp_path / "neighbour_of_plugin.py").write_text(APP)
    code = load_code(b"from neighbour_of_plugin import app", str(tmp_path / "plugin.py"), tmp_path)
    assert code.app is not None


def test_syntax_error_names_the_line() -> None:
    """The cause and the place, in one sentence."""
    error = failure("import os\ndef broken(:\n")
    assert error.message == "mine/plugin.py cannot be run: line 2: invalid syntax"
    assert "def broken(:" in error.hint


def test_failing_import_names_the_authors_line() -> None:
    """The error happens in json; the line to look at is the author's."""
    error = failure("import json\n\nvalue = json.loads('{')\n")
    assert error.message.startswith("mine/plugin.py cannot be run: line 3: JSONDecodeError: ")
    assert "value = json.loads('{')" in error.hint


def test_missing_package_says_where_to_install() -> None:
    """It is plugcli's environment that lacks it, which is rarely the one the author looks at."""
    error = failure("import no_such_package_here\n")
    assert "line 1: ModuleNotFoundError: No module named 'no_such_package_here'" in error.message
    assert sys.prefix in error.hint


@pytest.mark.parametrize(
    "source",
    ["raise SystemExit(3)", "raise ValueError", "1/0", b"\xff\xfe", b"a\x00b", b"\x80abc", "x = (" * 300],
)
def test_any_failure_is_a_sentence(source: str | bytes) -> None:
    """Whatever plugin.py does, its author reads a sentence that names the file."""
    assert failure(source).message.startswith("mine/plugin.py cannot be run: ")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "defines neither app nor create_app"),
        ("application = 1", "defines neither app nor create_app"),
        ("app = 'text'", "of type str, not an ASGI application"),
        ("def app(environ, start_response): pass", "of type function, not an ASGI application"),
        (
            "class app:\n    async def __call__(self, scope, receive, send): pass",
            "the class app, not an ASGI",
        ),
        ("create_app = 5", "of type int, not a function"),
    ],
)
def test_what_is_no_application_is_named(source: str, says: str) -> None:
    """A WSGI application or a class in its place would fail at the first call only."""
    error = failure(source)
    assert says in error.message
    assert "ASGI" in error.hint
