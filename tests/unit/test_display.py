"""What a call shows beside its text, with the real matplotlib, pandas and Pillow: forms of values, figures, and the limits of both."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.unit.interpreter_inside import Answer, Interpreter

pytestmark = pytest.mark.slow  # each starts an interpreter of its own, and most import matplotlib

PLOT = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2, 3])\n"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment in which matplotlib finds its list of fonts, made once."""
    return {"MPLCONFIGDIR": str(tmp_path_factory.mktemp("matplotlib"))}


@pytest.fixture
def session(tmp_path: Path, environment: dict[str, str]) -> Iterator[Interpreter]:
    """Return a running loop with an empty workspace."""
    folder = tmp_path / "data"
    folder.mkdir()
    with Interpreter(folder, environment=environment) as interpreter:
        yield interpreter


def shown(answer: Answer) -> list[str]:
    """Return the files and texts that an answer shows. It must be one of a call that ended well and said nothing on stderr."""
    assert (0, "") == (answer["status"], answer.stderr)
    return [entry.get("file") or entry["text"] for entry in answer["displays"]]


def picture(session: Interpreter, answer: Answer) -> Image.Image:
    """Return the only display of an answer as a picture."""
    (entry,) = answer["displays"]
    assert {"mime", "file"} == entry.keys()
    return Image.open(io.BytesIO((session.folder / entry["file"]).read_bytes()))


def value(body: str) -> str:
    """Return code whose last value is of a class with this body."""
    lines = "\n".join("    " + line for line in body.splitlines())
    return f"class V:\n    def __repr__(self): return 'plain'\n{lines}\nV()"


@pytest.mark.parametrize(
    ("method", "mime"),
    [
        ("_repr_html_", "text/html"),
        ("_repr_markdown_", "text/markdown"),
        ("_repr_svg_", "image/svg+xml"),
        ("_repr_latex_", "text/latex"),
        ("_repr_javascript_", "application/javascript"),
        ("_repr_json_", "application/json"),
    ],
)
@pytest.mark.parametrize("form", ["'<ü>'", "('<ü>', {'width': 5})"])
def test_text_forms_of_the_last_value_are_shown(
    session: Interpreter, method: str, mime: str, form: str
) -> None:
    """The display protocol that pandas, sympy and many others speak; metadata is for notebooks."""
    answer = session.run(value(f"def {method}(self): return {form}"))
    assert "plain" == answer["result"]
    assert [{"mime": mime, "text": "<ü>"}] == answer["displays"]


@pytest.mark.parametrize(
    ("method", "mime", "file"),
    [
        ("_repr_png_", "image/png", "display-1.png"),
        ("_repr_jpeg_", "image/jpeg", "display-1.jpg"),
        ("_repr_pdf_", "application/pdf", "display-1.pdf"),
    ],
)
@pytest.mark.parametrize("form", ["bytes(range(256))", repr(base64.b64encode(bytes(range(256))).decode())])
def test_binary_forms_become_files(
    session: Interpreter, method: str, mime: str, file: str, form: str
) -> None:
    """Pictures are fetched from the workspace, where later calls find them too."""
    session.run("import os\nos.umask(0o077)")
    answer = session.run(value(f"def {method}(self): return {form}"))
    assert [{"mime": mime, "file": file}] == answer["displays"]
    path = session.folder / file
    assert (bytes(range(256)), 0o644) == (path.read_bytes(), path.stat().st_mode & 0o777)


def test_bundle_of_forms_is_shown(session: Interpreter) -> None:
    """A bundle has several forms at once; a method is not asked for a form that the bundle has."""
    body = """
def _repr_mimebundle_(self, include=None, exclude=None):
    return {'text/plain': 'no', 'text/html': '<b>', 'image/gif': b'GIF', 'application/geo+json': {'a': [1]}}, {}
def _repr_html_(self): 1 / 0
def _repr_latex_(self): return '$x$'
"""
    answer = session.run(value(body))
    expected = [
        {"mime": "text/html", "text": "<b>"},
        {"mime": "image/gif", "file": "display-1.gif"},
        {"mime": "application/geo+json", "text": '{"a": [1]}'},
        {"mime": "text/latex", "text": "$x$"},
    ]
    assert (expected, "") == (answer["displays"], answer.stderr)


def test_forms_that_are_not_there_are_not_shown(session: Interpreter) -> None:
    """None and NotImplementedError are the protocol's ways to say no; a semicolon silences the forms with the value."""
    body = "_repr_svg_ = None\ndef _repr_html_(self): return None\ndef _repr_png_(self): raise NotImplementedError"
    assert [] == shown(session.run(value(body)))
    assert [] == shown(session.run(value("def _repr_html_(self): return 'x'") + ";"))


@pytest.mark.parametrize(
    "source",
    [
        "class C:\n    def _repr_html_(self): return 'x'\nC",
        "class C:\n    def __getattr__(self, name): return lambda *_, **__: 'x'\nC()",
        "class M(type):\n    def __getattr__(self, name): return lambda *_: 'x'\nclass C(metaclass=M): pass\nC()",
        "from unittest import mock\nmock.MagicMock(name='m')",
        "from unittest import mock\nmock.call.x",
    ],
)
def test_what_answers_to_every_name_is_not_asked(session: Interpreter, source: str) -> None:
    """A class is not its instance, and a proxy or mock has no forms though it has every attribute."""
    assert [] == shown(session.run(source))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def _repr_html_(self): 1 / 0", "V._repr_html_ failed: ZeroDivisionError: division by zero"),
        ("def _repr_html_(self): raise ValueError('a\\nb')", "V._repr_html_ failed: ValueError: a b"),
        ("def _repr_html_(self, x): pass", "V._repr_html_ failed: TypeError"),
        ("def _repr_html_(self): return 5", "text/html is left out: it is neither text nor bytes, but int"),
        ("def _repr_png_(self): return 'é'", "image/png is left out"),
        ("def _repr_json_(self): return {1j: 2}", "application/json is left out: TypeError"),
        ("def _repr_mimebundle_(self, **_): return 5", "V._repr_mimebundle_ gave no dictionary, but int"),
        (
            "def _repr_mimebundle_(self, **_): return {'a\\r\\nX: y': 'x'}",
            "'a\\r\\nX: y' is not a media type such as text/html",
        ),
        ("def _repr_mimebundle_(self, **_): return {'png': 'x'}", "'png' is not a media type"),
        ("def _repr_mimebundle_(self, **_): return {'\\ud800/x': 'x'}", "is not a media type"),
        ("def _repr_mimebundle_(self, **_): return {'a' * 99 + '/b': 'x'}", "is not a media type"),
        ("def _repr_mimebundle_(self, **_): return {5: 'x'}", "5 is not a media type"),
        ("_repr_html_ = 5", "V._repr_html_ failed: TypeError: 'int' object is not callable"),
        ("@property\ndef _repr_html_(self): raise OSError('o')", "V._repr_html_ failed: OSError: o"),
    ],
)
def test_form_that_fails_is_a_line_on_stderr(session: Interpreter, body: str, message: str) -> None:
    """The call went well and has its result; the other forms are shown."""
    answer = session.run(value(body + "\ndef _repr_latex_(self): return '$x$'"))
    assert (0, "plain", ["text/latex"]) == (
        answer["status"],
        answer["result"],
        [entry["mime"] for entry in answer["displays"]],
    )
    assert message in answer.stderr
    assert 1 == len(answer.stderr.splitlines())


def test_numbers_that_json_lacks_are_null(session: Interpreter) -> None:
    """NaN is the gap in a plot, and no strict reader takes the word."""
    (text,) = shown(
        session.run(value("def _repr_json_(self): return {'y': [1, float('nan'), float('inf')]}"))
    )
    assert '{"y": [1, null, null]}' == text


def test_interrupt_ends_a_form_that_takes_long(session: Interpreter) -> None:
    """A call's time includes what it shows."""
    source = value("def _repr_html_(self):\n    print('go')\n    while True: pass")
    answer = session.run(source, interrupt_on="go")
    assert (130, True) == (answer["status"], answer["interrupted"])
    assert "KeyboardInterrupt" == answer.stderr.splitlines()[-1]


def test_display_shows_in_the_middle_of_a_call(session: Interpreter) -> None:
    """Code for notebooks calls display(): plain values are printed, others shown in order."""
    session.run(value("def _repr_html_(self): return '<i>'"))
    answer = session.run("display(1, 'two', V())\nprint(3)\ndisplay(V())\nNone")
    assert "1\n'two'\n3\n" == answer.stdout
    assert ["<i>", "<i>"] == shown(answer)
    assert [] == session.run("import sys\nsys.stdout = None\ndisplay(5)")["displays"]
    answer = session.run("class Bad:\n    def __repr__(self): 1 / 0\ndisplay(Bad())")
    assert (1, 2) == (answer["status"], answer.stderr.count('  File "'))
    assert "jail" not in answer.stderr


def test_files_of_the_user_are_never_overwritten(session: Interpreter) -> None:
    """The next free name is taken, also where the name is a link that leads nowhere."""
    (session.folder / "display-1.png").write_bytes(b"mine")
    (session.folder / "display-2.png").symlink_to("/nonexistent/x")
    session.run(value("def _repr_png_(self): return b'png'").removesuffix("V()"))
    assert ["display-3.png", "display-4.png"] == shown(session.run("display(V(), V())"))
    assert b"mine" == (session.folder / "display-1.png").read_bytes()
    assert ["display-5.png"] == shown(session.run("V()"))


def test_displays_are_bounded_in_number(session: Interpreter) -> None:
    """A loop that shows 100,000 things costs the code its own time, not the host's memory or the user's disk."""
    session.run(value("def _repr_png_(self): return b'png'"))
    answer = session.run("for _ in range(100_000): display(V())")
    assert 32 == len(answer["displays"])
    assert "only the first 32 displays of a call are shown\n" == answer.stderr
    assert 33 == len(list(session.folder.iterdir()))
    assert 1 == len(session.run("V()")["displays"])


def test_displays_are_bounded_in_size(session: Interpreter) -> None:
    """What is too long is left out and named; just below it is whole."""
    answer = session.run(value("def _repr_html_(self): return 'ü' * 32768"))
    assert ["ü" * 32768] == shown(answer)
    answer = session.run(value("def _repr_html_(self): return 'ü' * 32768 + 'x'"))
    line = "a display of type text/html is left out: 65537 bytes, at most 65536 are shown\n"
    assert (0, [], line) == (answer["status"], answer["displays"], answer.stderr)
    answer = session.run(value("def _repr_png_(self): return bytes((16 << 20) + 1)"))
    line = "a display of type image/png is left out: 16777217 bytes, at most 16777216 are shown\n"
    assert (0, [], line) == (answer["status"], answer["displays"], answer.stderr)
    assert [] == list(session.folder.iterdir())


def test_answer_never_exceeds_a_frame(session: Interpreter) -> None:
    """Text that JSON makes six times as long: the last displays are left out, and the answer is whole."""
    session.run(
        value("def _repr_html_(self): return chr(1) * 65536\ndef __repr__(self): return chr(2) * 200_000")
    )
    answer = session.run("for _ in range(40): display(V())\nV()")
    assert 0 == answer["status"]
    assert 0 < len(answer["displays"]) < 32
    assert "displays of this call are left out: too long" in answer.stderr
    assert 90_000 < len(answer["result"]) <= 100_000


def test_picture_that_cannot_be_written_is_a_line_on_stderr(session: Interpreter) -> None:
    """A full disk, a missing folder: the call went well all the same, and no half of a file is left."""
    body = "def _repr_png_(self): return bytes(100_000)"
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))"
    session.run(limit)
    answer = session.run(value(body))
    line = "a display of type image/png is left out: File too large\n"
    assert (0, "plain", [], line) == (
        answer["status"],
        answer["result"],
        answer["displays"],
        answer.stderr,
    )
    assert [] == list(session.folder.iterdir())
    session.folder.rmdir()
    answer = session.run("V()")
    assert (0, "a display of type image/png is left out: No such file or directory\n") == (
        answer["status"],
        answer.stderr,
    )


def test_lone_surrogates_do_not_break_the_answer(session: Interpreter) -> None:
    """A frame is UTF-8 that every reader takes."""
    answer = session.run(
        value("def _repr_html_(self): return '\\ud800'\ndef __repr__(self): return '\\udfff'")
    )
    assert ("\\udfff", ["\\ud800"]) == (answer["result"], shown(answer))


def test_pandas_and_pillow_are_shown(session: Interpreter) -> None:
    """The two that sessions show most: a table as HTML, a picture as one file."""
    answer = session.run("import pandas\npandas.DataFrame({'a': [1, 2]})")
    assert "   a\n0  1\n1  2" == answer["result"]
    assert ["text/html"] == [entry["mime"] for entry in answer["displays"]]
    assert "<td>2</td>" in shown(answer)[0]
    answer = session.run("from PIL import Image\nImage.new('RGB', (3, 2), 'red')")
    image = picture(session, answer)
    assert ("PNG", (3, 2), (255, 0, 0)) == (image.format, image.size, image.convert("RGB").getpixel((0, 0)))


def test_show_shows_and_closes_the_figures(session: Interpreter) -> None:
    """plt.show() is the end of a script's figure: the next plot must not land in it."""
    answer = session.run(PLOT + "plt.figure()\nplt.plot([3, 2])\nplt.show()\nplt.get_fignums()")
    assert ["figure-1.png", "figure-2.png"] == shown(answer)
    assert "[]" == answer["result"]
    image = Image.open(io.BytesIO((session.folder / "figure-1.png").read_bytes()))
    assert image.format == "PNG"
    assert len(image.convert("L").getcolors() or []) > 1  # there is something on it
    assert [] == shown(session.run("plt.show()"))


def test_open_figures_are_shown_once_and_again_when_they_changed(session: Interpreter) -> None:
    """A figure built over several calls is seen as it grows, and not again while it stays as it is."""
    assert ["figure-1.png"] == shown(session.run(PLOT + "None"))
    assert [] == shown(session.run("1 + 1"))
    assert "[1]" == session.run("plt.get_fignums()")["result"]
    assert ["figure-2.png"] == shown(session.run("ax.set_title('more');"))
    assert [] == shown(session.run("fig.savefig('same.png')"))
    assert ["figure-3.png"] == shown(session.run("ax.plot([3, 1])\nfig.savefig('saved.png');"))
    assert [] == shown(session.run("pass"))
    assert ["figure-4.png"] == shown(session.run("ax.lines[0].set_color('red')\nfig.canvas.draw()"))
    assert ["figure-5.png"] == shown(session.run("plt.figure()\nplt.plot([1]);"))
    pictures = {(session.folder / f"figure-{number}.png").read_bytes() for number in range(1, 6)}
    assert 5 == len(pictures)
    assert ["figure-6.png", "figure-7.png"] == shown(session.run("plt.show()"))
    assert [] == shown(session.run("pass"))


def test_figure_as_last_value_is_shown_once(session: Interpreter) -> None:
    """It is also an open figure, and it may have been shown by plt.show() before."""
    answer = session.run(PLOT + "fig")
    assert ["figure-1.png"] == shown(answer)
    assert "<Figure size 640x480 with 1 Axes>" == answer["result"]
    assert ["figure-2.png"] == shown(session.run("fig"))
    assert [] == shown(session.run("1"))
    assert ["figure-3.png"] == shown(session.run("plt.show()\nfig"))
    assert ["figure-4.png"] == shown(session.run("fig"))
    assert ["figure-5.png", "figure-6.png"] == shown(session.run("display(fig)\nax.plot([0])\nfig"))
    source = "from matplotlib.figure import Figure\nown = Figure()\nown.subplots().plot([1])\nown"
    assert ["figure-7.png"] == shown(session.run(source))


@pytest.mark.parametrize(
    "preload", ["", "import matplotlib.pyplot", "import matplotlib.backends.backend_agg"]
)
@pytest.mark.parametrize(
    "first", ["", "import matplotlib\nmatplotlib.use('agg')\n", "import matplotlib\nmatplotlib.use('svg')\n"]
)
def test_show_works_however_matplotlib_came(
    tmp_path: Path, environment: dict[str, str], preload: str, first: str
) -> None:
    """A preloaded interpreter has it before the session begins; and code chooses backends that show nothing."""
    with Interpreter(tmp_path, preload, environment) as session:
        answer = session.run(first + "from matplotlib.pyplot import *\nplot([1, 2])\nshow()\nget_fignums()")
        assert (["figure-1.png"], "[]") == (shown(answer), answer["result"])


def test_show_that_does_not_wait_leaves_the_figures_open(session: Interpreter) -> None:
    """show(block=False), pause() and interactive mode go on with the same figure: it is shown when it has changed."""
    answer = session.run(
        PLOT + "for _ in range(5): plt.pause(0.001)\nplt.show(block=False)\nplt.get_fignums()"
    )
    assert (["figure-1.png"], "[1]") == (shown(answer), answer["result"])
    answer = session.run("for y in range(2):\n    ax.plot([y, 5])\n    plt.pause(0.001)")
    assert ["figure-2.png", "figure-3.png"] == shown(answer)
    answer = session.run("plt.ion()\nax.plot([7, 8])\nplt.show()\nplt.get_fignums()")
    assert (["figure-4.png"], "[1]") == (shown(answer), answer["result"])
    assert ["figure-5.png"] == shown(session.run("ax.plot([9, 9]);"))


def test_figures_that_need_no_showing_are_not_shown(session: Interpreter) -> None:
    """One that was saved and closed is in its file; an empty one shows nothing."""
    assert [] == shown(session.run(PLOT + "plt.savefig('a.png')\nplt.close()"))
    assert [] == shown(session.run("plt.figure();"))
    assert ["figure-1.png"] == shown(session.run("plt.plot([1]);"))


def test_figures_of_a_call_that_failed_are_shown(session: Interpreter) -> None:
    """What was drawn until then helps to see what went wrong."""
    answer = session.run(PLOT + "1/0")
    assert (1, [{"mime": "image/png", "file": "figure-1.png"}]) == (answer["status"], answer["displays"])


def test_interrupt_does_not_wait_for_figures(session: Interpreter) -> None:
    """The call's time is over; the next call shows what is open."""
    answer = session.run(PLOT + "print('go')\nwhile True: pass", interrupt_on="go")
    assert (130, []) == (answer["status"], answer["displays"])
    assert ["figure-1.png"] == shown(session.run("pass"))


def test_figure_that_cannot_be_drawn_is_a_line_on_stderr(session: Interpreter) -> None:
    """Mistakes in mathematical text come out only when the figure is drawn."""
    answer = session.run(PLOT + "ax.set_title(r'$\\frac$')\nNone")
    assert (0, []) == (answer["status"], answer["displays"])
    assert answer.stderr.startswith("a figure cannot be drawn: ValueError: ")
    assert 1 == len(answer.stderr.splitlines())


def test_many_figures_are_bounded(session: Interpreter) -> None:
    """Beyond the limit they are not even drawn, and plt.show() closes them all the same."""
    source = "import warnings\nwarnings.simplefilter('ignore')\n" + PLOT
    source += (
        "for _ in range(60): plt.figure(figsize=(1, 1)).text(0.5, 0.5, 'x')\nplt.show()\nplt.get_fignums()"
    )
    answer = session.run(source)
    assert (32, "[]") == (len(answer["displays"]), answer["result"])
    assert "only the first 32 displays of a call are shown\n" == answer.stderr


def test_forked_process_shows_nothing(session: Interpreter) -> None:
    """A child that comes back out of a call has the parent's figures, too; each is one file."""
    answer = session.run(PLOT + "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nNone")
    assert ["figure-1.png"] == shown(answer)
    assert ["figure-1.png"] == [path.name for path in session.folder.iterdir()]


def test_matplotlib_is_not_imported_by_us(session: Interpreter) -> None:
    """It takes a quarter of a second and megabytes: only code that wants it pays."""
    source = "import sys\n[name for name in sys.modules if name.startswith(('matplotlib', 'numpy', 'PIL', 'asyncio'))]"
    assert "[]" == session.run(source)["result"]
    assert "'agg'" == session.run("import matplotlib\nmatplotlib.get_backend().lower()")["result"]


def test_module_called_like_pyplot_imports(session: Interpreter) -> None:
    """Code may bring a matplotlib of its own, however little it has of the other."""
    folder = session.folder / "matplotlib"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "pyplot.py").write_text("x = 5")
    assert "5" == session.run("import matplotlib.pyplot\nmatplotlib.pyplot.x")["result"]
    assert "6" == session.run("x = 6\nx")["result"]


def test_picture_holds_what_stands_beside_the_figure(session: Interpreter) -> None:
    """Labels beside the axes are not cut off."""
    answer = session.run(PLOT + "ax.set_position([0, 0, 1, 1])\nax.set_ylabel('label')\nNone")
    assert shown(answer)
    assert picture(session, answer).width > 640
