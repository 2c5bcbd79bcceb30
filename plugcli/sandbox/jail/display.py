"""The displays of a call: rich forms of values, by IPython's display protocol, and matplotlib figures.

Pictures become files in the workspace; text goes into the answer. If a value cannot be shown, stderr gets a line, and the call does not
fail. matplotlib is hooked when the code imports it; this file never imports it.

This file uses only the standard library, because other interpreters get its text.
"""

import binascii
import builtins
import io
import json
import os
import re
import sys
import weakref
from collections.abc import Callable, Iterator
from functools import wraps
from types import ModuleType
from typing import Any

# The functions below find their builtins here, so that code that changes its builtins cannot change what is shown.
globals()["__builtins__"] = dict(vars(builtins))

DISPLAYS = 32
"""How many displays a call may have."""

TEXT_BYTES = 64 << 10
"""The longest text of one display, in UTF-8."""

PICTURE_BYTES = 16 << 20
"""The largest picture."""

_FORMS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_latex_": "text/latex",
    "_repr_json_": "application/json",
    "_repr_javascript_": "application/javascript",
    "_repr_pdf_": "application/pdf",
}
_BUNDLE = "_repr_mimebundle_"
_ASKED = frozenset(_FORMS) | {_BUNDLE}

_ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
}
"""What is written to a file, whether it comes as bytes or as base64."""

_PLAIN = frozenset(
    {int, float, complex, bool, str, bytes, bytearray, list, tuple, dict, set, frozenset, range, type(None)}
)
"""Types that have no rich form: not worth a search."""

_MIME = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_MIME_CHARACTERS = 100

_PYPLOT = "matplotlib.pyplot"


class Displays:
    """The displays of the call in progress."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._entries: list[dict[str, str]] = []
        self._is_over_limit = False
        self._numbers: dict[str, int] = {}
        self._figures = _Figures(self)
        builtins.display = self.show  # type: ignore[attr-defined]

    def take(self) -> list[dict[str, str]]:
        """Return the displays since the last time. Each has a `mime` and a `text`, or a `mime` and a `file` in the workspace."""
        entries = self._entries
        if entries:
            self._entries = []
        self._is_over_limit = False
        self._figures.forget_call()
        return entries

    def show(self, *values: object) -> None:
        """Show values during a call: their rich forms or, if they have none, their text on standard output."""
        for value in values:
            if not self._figures.add_given(value) and not self._add_forms(value) and sys.stdout is not None:
                sys.stdout.write(f"{value!r}\n")

    def add_last(self, value: object) -> None:
        """Add the rich forms of a call's last value."""
        if type(value) not in _PLAIN and not self._figures.add_last(value):
            self._add_forms(value)

    def add_figures(self) -> None:
        """Add the open figures that are new or have changed since they were shown."""
        if _PYPLOT in sys.modules:
            self._figures.add_changed()

    def has_room(self) -> bool:
        """Return whether one more display fits into this call; print a note the first time that none fits."""
        if len(self._entries) < DISPLAYS:
            return True
        if not self._is_over_limit:
            self._is_over_limit = True
            say(f"only the first {DISPLAYS} displays of a call are shown")
        return False

    def add_text(self, mime: str, text: str) -> None:
        """Add a text unchanged."""
        data = text.encode(errors="backslashreplace")
        if len(data) > TEXT_BYTES:
            say(f"a display of type {mime} is left out: {len(data)} bytes, at most {TEXT_BYTES} are shown")
        elif self.has_room():
            self._entries.append({"mime": mime, "text": data.decode()})

    def add_picture(self, mime: str, data: bytes, name: str = "display") -> None:
        """Write `data` to a new file in the workspace, named `name` and a number, and add it."""
        if len(data) > PICTURE_BYTES:
            say(f"a display of type {mime} is left out: {len(data)} bytes, at most {PICTURE_BYTES} are shown")
        elif self.has_room():
            try:
                file = self._write(name, _ENDINGS.get(mime, "bin"), data)
            except OSError as error:
                say(f"a display of type {mime} is left out: {error.strerror}")
            else:
                self._entries.append({"mime": mime, "file": file})

    def _write(self, name: str, ending: str, data: bytes) -> str:
        """Write a new file, as a whole or not at all; return its name."""
        number = self._numbers.get(name, 1)
        while True:
            file = f"{name}-{number}.{ending}"
            path = os.path.join(self._folder, file)
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
                break
            except FileExistsError:
                number += 1
        self._numbers[name] = number + 1
        try:
            os.fchmod(descriptor, 0o644)  # regardless of the code's umask
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except BaseException:
            os.unlink(path)
            raise
        finally:
            os.close(descriptor)
        return file

    def _add_forms(self, value: object) -> bool:
        """Add the forms that the type of `value` provides; return whether there are any."""
        offered = _offered(value)
        if not offered:
            return False
        has_forms = False
        for mime, data in _forms(value, offered):
            has_forms = True
            self._add(mime, data)
        return has_forms

    def _add(self, mime: str, data: object) -> None:
        try:
            if isinstance(data, str) and mime in _ENDINGS:
                data = binascii.a2b_base64(data)
            if isinstance(data, (bytes, bytearray)):
                self.add_picture(mime, bytes(data))
            elif isinstance(data, str):
                self.add_text(mime, data)
            elif _is_json(mime):
                self.add_text(mime, _json(data))
            else:
                say(
                    f"a display of type {mime} is left out: it is neither text nor bytes, but {type(data).__name__}"
                )
        except Exception as error:
            say(f"a display of type {mime} is left out: {_line(error)}")


def say(text: str) -> None:
    """Write a line to the code's standard error, if there is one."""
    try:
        sys.stderr.write(text + "\n")
    except Exception:
        return  # nobody can be told


def _line(error: BaseException) -> str:
    try:
        text = " ".join(f"{type(error).__name__}: {error}".split())
    except Exception:
        text = type(error).__name__
    return text if len(text) <= 500 else text[:500] + " ..."


def _offered(value: object) -> list[str]:
    """Return the protocol's methods that the type of `value` has.

    Only the type counts: a proxy or a mock has every attribute, and a class has the methods for its instances.
    """
    if isinstance(value, type):
        return []
    kind = type(value)
    found = {name for each in kind.__mro__ for name in _ASKED & vars(each).keys()}
    return [name for name in (_BUNDLE, *_FORMS) if name in found]


def _forms(value: object, offered: list[str]) -> Iterator[tuple[str, object]]:
    """Yield the forms of `value`, each MIME type once. If there is a PNG, no JPEG is asked for."""
    seen = set()
    for name in offered:
        if name in _FORMS and (_FORMS[name] in seen or (name == "_repr_jpeg_" and "image/png" in seen)):
            continue
        data = _ask(value, name)
        if data is None:
            continue
        bundle = data if name == _BUNDLE else {_FORMS[name]: data}
        if not isinstance(bundle, dict):
            say(f"{type(value).__name__}.{name} gave no dictionary, but {type(bundle).__name__}")
            continue
        for mime, form in bundle.items():
            if mime == "text/plain" or form is None:
                continue
            if not _is_mime(mime):
                say(
                    f"a display is left out: {ascii(mime)[:_MIME_CHARACTERS]} is not a media type such as text/html"
                )
                continue
            seen.add(mime)
            yield mime, form


def _ask(value: object, name: str) -> Any:
    """Return the result of the method without metadata; None if it returns nothing or fails."""
    try:
        method = getattr(value, name)
        if method is None:
            return None
        data = method(include=None, exclude=None) if name == _BUNDLE else method()
    except NotImplementedError:
        return None  # the protocol's way to say no
    except Exception as error:
        say(f"{type(value).__name__}.{name} failed: {_line(error)}")
        return None
    if isinstance(data, tuple) and len(data) == 2 and (name == _BUNDLE or isinstance(data[1], dict)):
        return data[0]
    return data


def _is_mime(mime: object) -> bool:
    """Tell what the host takes for a media type: anything else would cost the session."""
    return isinstance(mime, str) and len(mime) <= _MIME_CHARACTERS and _MIME.fullmatch(mime) is not None


def _is_json(mime: str) -> bool:
    return mime == "application/json" or mime.endswith("+json")


def _json(data: object) -> str:
    """Return `data` as JSON, with null for values that JSON lacks, because plots can have gaps."""
    try:
        return json.dumps(data, allow_nan=False)
    except ValueError:
        return json.dumps(json.loads(json.dumps(data), parse_constant=lambda _: None))


class _Shown:
    """The state of a figure that was shown: the hash of its picture, and whether the figure was drawn since.

    After that, the figure's flag `stale` no longer shows changes.
    """

    __slots__ = ("picture", "was_drawn")

    def __init__(self) -> None:
        self.picture: int | None = None
        self.was_drawn = False


class _Figures:
    """matplotlib's figures: those shown by `plt.show()`, and those open when a call ends."""

    def __init__(self, displays: Displays) -> None:
        self._displays = displays
        self._shown: weakref.WeakKeyDictionary[Any, _Shown] = weakref.WeakKeyDictionary()
        self._shown_in_call: set[int] = set()
        pyplot = sys.modules.get(_PYPLOT)
        if pyplot is not None:  # a preloaded interpreter
            self._adopt(pyplot)
        else:
            sys.meta_path.insert(0, _WhenImported(_PYPLOT, self._adopt))

    def forget_call(self) -> None:
        """Begin another call."""
        if self._shown_in_call:
            self._shown_in_call.clear()

    def add_given(self, value: object) -> bool:
        """Add `value` if it is a figure; return whether it is one."""
        if not _is_figure(value):
            return False
        self._add(value)
        return True

    def add_last(self, value: object) -> bool:
        """Add `value` if it is a figure that this call has not shown in its current state; return whether it is a figure."""
        if not _is_figure(value):
            return False
        if id(value) not in self._shown_in_call or self._may_have_changed(value):
            self._add(value, only_if_changed=id(value) in self._shown_in_call)
        return True

    def add_changed(self) -> None:
        """Add the open figures that are new, or changed since they were shown. They stay open."""
        for figure in _open_figures():
            if self._may_have_changed(figure):
                self._add(figure, only_if_changed=True)

    def _adopt(self, pyplot: ModuleType) -> None:
        """Replace `plt.show`, which calls a different function for each backend; that of Agg does nothing."""
        if not callable(getattr(pyplot, "show", None)):
            return  # the code's own module of that name

        @wraps(pyplot.show)
        def show(*args: Any, **kwargs: Any) -> None:
            block = kwargs.get("block", args[0] if args else None)
            if block is False or (block is None and pyplot.isinteractive()):
                self.add_changed()
                return
            for figure in _open_figures():
                self._add(figure)
                pyplot.close(figure)

        pyplot.show = show  # type: ignore[attr-defined]

    def _may_have_changed(self, figure: Any) -> bool:
        shown = self._shown.get(figure)
        return shown is None or shown.was_drawn or figure.stale

    def _add(self, figure: Any, only_if_changed: bool = False) -> None:
        """Draw a figure and add the picture. An empty figure is not shown."""
        try:
            if len(figure.get_children()) <= 1 or not self._displays.has_room():
                return
            picture = _draw(figure)
        except Exception as error:
            say(f"a figure cannot be drawn: {_line(error)}")
            return
        shown = self._shown.get(figure)
        if shown is None:
            shown = self._shown[figure] = _Shown()
            figure.canvas.mpl_connect("draw_event", _marker(shown))
        is_same = shown.picture == hash(picture)
        shown.picture, shown.was_drawn = hash(picture), False
        figure.stale = False
        self._shown_in_call.add(id(figure))
        if not (is_same and only_if_changed):
            self._displays.add_picture("image/png", picture, "figure")


def _marker(shown: _Shown) -> Callable[[object], None]:
    def mark(event: object) -> None:
        shown.was_drawn = True

    return mark


def _draw(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi="figure", bbox_inches="tight")
    return buffer.getvalue()


def _is_figure(value: object) -> bool:
    module = sys.modules.get("matplotlib.figure")
    kind = getattr(module, "Figure", None)
    return isinstance(kind, type) and issubclass(type(value), kind)


def _open_figures() -> list[Any]:
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None:
        return []
    managers = sorted(helpers.Gcf.get_all_fig_managers(), key=lambda manager: str(manager.num).zfill(9))
    return [manager.canvas.figure for manager in managers]


class _WhenImported:
    """A module finder that finds nothing itself, but calls `adopt` when the module `name` has been imported."""

    def __init__(self, name: str, adopt: Callable[[ModuleType], None]) -> None:
        self._name = name
        self._adopt = adopt

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> Any:
        """Return the spec that the other finders find, with a changed loader."""
        if name != self._name:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        found = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            self._change(spec.loader)
        return spec

    def _change(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            self._adopt(module)

        loader.exec_module = exec_module
