"""The loop of a session, run for real in a process of its own: what calls leave for each other, how they end, what ends the loop."""

import os
import select
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.interpreter_inside import SECONDS, Interpreter


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return an empty folder that is the session's workspace and current directory."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def session(workspace: Path) -> Iterator[Interpreter]:
    """Return a running loop."""
    with Interpreter(workspace) as interpreter:
        yield interpreter


def test_calls_build_on_each_other(session: Interpreter, tmp_path: Path) -> None:
    """The promise of a session: variables, functions, imports, open files and the current directory are still there."""
    (session.folder / "data.txt").write_text("one\ntwo\n")
    first = "import os\nfile = open('data.txt')\ndef double(x):\n    return 2 * x\nfile.readline()"
    assert "'one\\n'" == session.run(first)["result"]
    assert "'two\\ntwo\\n'" == session.run("double(file.readline())")["result"]
    session.run(f"os.chdir({str(tmp_path)!r})")
    assert repr(str(tmp_path)) == session.run("os.getcwd()")["result"]


def test_answer_has_the_agreed_shape(session: Interpreter) -> None:
    """The host checks every member; the number tells it which call an answer is for."""
    expected = {"call": 1, "status": 0, "interrupted": False, "result": "5", "displays": []}
    assert expected == session.run("2 + 3")
    assert 2 == session.run("pass")["call"]


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("6 * 7", "42"),
        ("x = 1\nx + 1", "2"),
        ("'text'", "'text'"),
        ("(\n 1,\n 2)", "(1, 2)"),
        ("None", None),
        ("x = 3", None),
        ("if True:\n    5", None),
        ("5;", None),
        ("5 ;  # done", None),
        ("(5) \\\n;", None),
        ("'ü;'", "'ü;'"),
        ("'ü';", None),
        ("x = 1; x", "1"),
        ("# ;\n5 # ;", "5"),
        ("'ab' # é\n", "'ab'"),
        ("", None),
        ("# only a comment", None),
        ("\n \n", None),
        ("[_ for _ in range(3)]", "[0, 1, 2]"),
        ("'\\ud800'", "'\\ud800'"),
    ],
)
def test_last_value_is_shown(session: Interpreter, source: str, result: str | None) -> None:
    """As in a notebook: an expression at the end is worth seeing, unless a semicolon says that it is not."""
    answer = session.run(source)
    assert (0, result, "") == (answer["status"], answer["result"], answer.stderr)


def test_last_value_can_be_used_again(session: Interpreter) -> None:
    """`_` is the value that was shown last, also from inside a module; None and what was silenced do not replace it."""
    session.run("6 * 7")
    session.run("None")
    session.run("8;")
    assert "43" == session.run("_ + 1")["result"]
    assert "43" == session.run("import builtins\nbuiltins._")["result"]


def test_long_result_loses_its_middle(session: Interpreter) -> None:
    """A frame carries 100,000 characters of a result: the ends say most, and a mark says that something is missing."""
    result = session.run("'a' * 500_000 + 'z' * 500_000")["result"]
    assert len(result) <= 100_000
    assert result.startswith("'aaaa")
    assert result.endswith("zzzz'")
    assert "characters" in result[49_000:51_000]
    assert "'" + "b" * 99_998 + "'" == session.run("'b' * 99_998")["result"]
    assert len(session.run("'\\U0001f600' * 200_000")["result"]) <= 100_000


@pytest.mark.parametrize(
    "source",
    [
        "    x = 3\n    x * 2",
        "\tx = 3\n\tif x:\n\t\tx *= 2\n\tx",
        "\n\n    # a comment\n    x = 6\n\n    x\n",
        "# a comment\n    x = 6\n    x",
        "x = 3\r\nx * 2\r\n",
        "x = 3\rx * 2",
        "\ufeffx = 3\nx * 2",
        "# -*- coding: latin-1 -*-\nx = 'ü'\n5 + len(x)",
        "if True:\n\tx = 6\nx",
        "x = '''\\\n123\n56'''\nlen(x)",
        "def f(\n        a):\n    return a\nf(6)",
    ],
)
def test_source_runs_as_it_was_meant(session: Interpreter, source: str) -> None:
    """Clients send indented blocks, Windows line ends and byte order marks: none of it is the user's mistake."""
    answer = session.run(source)
    assert ("6", "") == (answer["result"], answer.stderr)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("(", "SyntaxError"),
        ("x = \x00", "null bytes"),
        ("'\ud800'", "UnicodeEncodeError"),
        ("(" * 100_000, "too many nested parentheses"),
        ("-" * 100_000 + "1", "Error"),
        ("x = 1\n  y = 2", "IndentationError"),
        ("%matplotlib inline", "SyntaxError"),
        ("!ls", "SyntaxError"),
        ("return 5", "SyntaxError"),
        (b"\xff\xfe", "UnicodeDecodeError"),
    ],
)
def test_code_that_does_not_compile_is_an_ordinary_error(
    session: Interpreter, source: str | bytes, message: str
) -> None:
    """Nonsense costs its own call and nothing else."""
    session.run("kept = 1")
    answer = session.run(source)
    assert (1, None) == (answer["status"], answer["result"])
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "1" == session.run("kept")["result"]


def test_traceback_shows_the_code_and_nothing_of_ours(session: Interpreter) -> None:
    """A model mends its code by the traceback: it has the lines, of earlier calls too, and no frame of the loop."""
    session.run("def divide(a, b):\n    return a / b")
    answer = session.run("x = 1\ndivide(x, 0)")
    expected = """Traceback (most recent call last):
  File "<call 2>", line 2, in <module>
    divide(x, 0)
  File "<call 1>", line 2, in divide
    return a / b
ZeroDivisionError: division by zero
"""
    lines = [line for line in answer.stderr.splitlines(True) if set(line) - set(" ~^\n")]  # versions differ
    assert (1, expected) == (answer["status"], "".join(lines))
    assert "(1, 1)" == session.run("x, divide(x, 1) // 1 and x")["result"]


def test_source_of_functions_can_be_read(session: Interpreter) -> None:
    """inspect.getsource and what builds on it (numba, dill) work on what earlier calls defined."""
    session.run("def f():\n    return 'me'")
    answer = session.run("import inspect, linecache\nlinecache.checkcache()\ninspect.getsource(f)")
    assert repr("def f():\n    return 'me'\n") == answer["result"]


def test_failing_repr_is_an_error_of_the_call(session: Interpreter) -> None:
    """The value's own code runs to show it: its error is told like any other, without our frames."""
    session.run("class Bad:\n    def __repr__(self):\n        raise ValueError('no')")
    answer = session.run("Bad()")
    assert (1, None) == (answer["status"], answer["result"])
    lines = answer.stderr.splitlines()
    assert ['  File "<call 1>", line 3, in __repr__', "ValueError: no"] == [lines[1], lines[-1]]


def test_missing_package_is_explained(session: Interpreter) -> None:
    """Without a network `pip install` leads nowhere: the error says so, but not of a module's missing part or of one's own file."""
    answer = session.run("import frobnicate.parts")
    note = "frobnicate is not installed in this sandbox, and there is no network to install it from"
    assert note == answer.stderr.splitlines()[-1]
    assert "not installed" not in session.run("import os.nothing").stderr
    (session.folder / "mine").mkdir()
    assert "not installed" not in session.run("raise ModuleNotFoundError(name='mine')").stderr
    assert "" == session.run("try:\n    import frobnicate\nexcept ImportError:\n    pass").stderr


@pytest.mark.parametrize(
    ("code", "status", "stderr"),
    [
        ("", 0, ""),
        ("0", 0, ""),
        ("None", 0, ""),
        ("3", 3, ""),
        ("300", 44, ""),
        ("-1", 255, ""),
        ("2**40", 0, ""),
        ("2**80", 255, ""),
        ("True", 1, ""),
        ("'message'", 1, "message\n"),
    ],
)
def test_exit_has_the_status_that_python_gives(
    session: Interpreter, code: str, status: int, stderr: str
) -> None:
    """sys.exit ends the call as it would end a program, and the session lives on."""
    session.run("import sys\nkept = 1")
    answer = session.run(f"sys.exit({code})")
    assert (status, stderr) == (answer["status"], answer.stderr)
    assert "1" == session.run("kept")["result"]


def test_exit_of_the_site_module_leaves_a_working_input(session: Interpreter) -> None:
    """`exit()` closes sys.stdin before it raises."""
    assert 2 == session.run("exit(2)")["status"]
    assert "False" == session.run("import sys\nsys.stdin.closed")["result"]


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("raise KeyboardInterrupt", 130),
        ("raise BaseException('b')", 1),
        ("class E(SystemExit): pass\nraise E(7)", 7),
        ("raise GeneratorExit", 1),
        ("def f(): f()\nf()", 1),
    ],
)
def test_every_exception_ends_the_call_alone(session: Interpreter, source: str, status: int) -> None:
    """What is no Exception goes through most loops: not through this one. And the code's own KeyboardInterrupt is no interrupt."""
    session.run("kept = 1")
    answer = session.run(source)
    assert (status, False) == (answer["status"], answer["interrupted"])
    assert "1" == session.run("kept")["result"]


def test_hook_for_exceptions_is_honoured(session: Interpreter) -> None:
    """As `python script.py` does; a hook that fails hides nothing."""
    session.run(
        "import sys\nsys.excepthook = lambda kind, error, traceback: print('hook:', error, file=sys.stderr)"
    )
    answer = session.run("1/0")
    assert (1, "hook: division by zero\n") == (answer["status"], answer.stderr)
    session.run("def bad(kind, error, traceback):\n    raise ValueError('bad hook')\nsys.excepthook = bad")
    stderr = session.run("1/0").stderr
    assert "Error in sys.excepthook:" == stderr.splitlines()[0]
    assert "ValueError: bad hook" in stderr
    assert "ZeroDivisionError: division by zero" == stderr.splitlines()[-1]


def test_main_is_one_fresh_module(session: Interpreter) -> None:
    """Scripts ask whether they are the program, pickle looks classes up in it, and nothing of the launcher is seen."""
    answer = session.run(
        "ran = __name__ == '__main__'\nimport sys\n(ran, sys.argv, sys.modules['__main__'].ran)"
    )
    assert "(True, [''], True)" == answer["result"]
    assert (
        "True"
        == session.run("import pickle\nclass A: pass\ntype(pickle.loads(pickle.dumps(A()))) is A")["result"]
    )
    names = session.run("sorted(name for name in globals() if not name.startswith('_'))")["result"]
    assert repr(["A", "pickle", "ran", "sys"]) == names


def test_workspace_is_imported_from_but_not_by_us(session: Interpreter) -> None:
    """An uploaded module imports. One that is called like a module of ours is the code's alone: the loop never runs it."""
    (session.folder / "mine.py").write_text("answer = 42")
    ours = [
        "asyncio",
        "json",
        "traceback",
        "linecache",
        "ast",
        "tokenize",
        "unicodedata",
        "textwrap",
        "_colorize",
    ]
    ours += ["ssl", "selectors", "signal", "binascii", "weakref"]
    for name in ours:
        (session.folder / f"{name}.py").write_text(f"open({name + '.ran'!r}, 'w').close()\nmark = 1")
    assert "42" == session.run("import mine\nmine.answer")["result"]
    session.run("len(é).x + (1).real / zero")
    session.run("é = (")
    assert 0 == session.run("await __import__('contextlib').AsyncExitStack().aclose()")["status"]
    assert [] == sorted(path.name for path in session.folder.glob("*.ran"))
    assert "True" == session.run("import sys\nsys.path[0] == __import__('os').getcwd()")["result"]


def test_await_works_on_a_loop_of_the_session(session: Interpreter) -> None:
    """Code for notebooks awaits at the top; tasks of one call go on in the next that awaits."""
    assert "'slept'" == session.run("import asyncio\nawait asyncio.sleep(0, 'slept')")["result"]
    session.run("gate = asyncio.Event()\ntask = asyncio.create_task(gate.wait())\nawait asyncio.sleep(0)")
    assert "True" == session.run("gate.set()\nawait task")["result"]
    expected = "[0, 1]"
    source = "async def numbers():\n    yield 0\n    yield 1\n[x async for x in numbers()]"
    assert expected == session.run(source)["result"]
    assert "3" == session.run("async with asyncio.timeout(9):\n    x = 3\nx")["result"]


def test_asyncio_run_works_beside_await(session: Interpreter) -> None:
    """Code for scripts brings its own loop; ours, which is not running, does not stand in its way, nor does it end ours."""
    session.run("import asyncio\nasync def main():\n    return 'done'")
    assert "'done'" == session.run("asyncio.run(main())")["result"]
    assert "'done'" == session.run("await main()")["result"]
    assert "'done'" == session.run("asyncio.run(main())")["result"]
    assert "'done'" == session.run("await main()")["result"]
    session.run("await asyncio.sleep(0)\nasyncio.get_running_loop().stop()")
    session.run(
        "await asyncio.sleep(0)\nasyncio.get_running_loop().call_soon(asyncio.get_running_loop().close)"
    )
    assert "'done'" == session.run("await main()")["result"]


def test_await_ends_as_other_code_does(session: Interpreter) -> None:
    """Errors and exits of awaiting code have the same status, and tracebacks without the event loop's own frames."""
    answer = session.run("import asyncio\nawait asyncio.sleep(0)\n1/0")
    assert 1 == answer["status"]
    assert 'last):\n  File "<call 1>", line 3' in answer.stderr
    assert "asyncio" not in answer.stderr
    answer = session.run("await asyncio.sleep(0)\nraise SystemExit(4)")
    assert (4, "") == (answer["status"], answer.stderr)
    assert 130 == session.run("await asyncio.sleep(0)\nraise KeyboardInterrupt")["status"]
    answer = session.run("import gc\ngc.collect()\nawait asyncio.sleep(0, 'alive')")
    assert ("'alive'", "") == (answer["result"], answer.stderr)


def test_context_is_the_same_for_all_calls(session: Interpreter) -> None:
    """decimal and numpy keep their settings in context variables; a task runs in a context of its own."""
    session.run("import asyncio, contextvars\nv = contextvars.ContextVar('v')\nv.set(1)")
    assert "1" == session.run("await asyncio.sleep(0)\nv.get()")["result"]
    session.run("await asyncio.sleep(0)\nv.set(2)")
    assert "2" == session.run("v.get()")["result"]


@pytest.mark.parametrize(
    "loop",
    [
        "while True:\n    pass",
        "import time\ntime.sleep(1000)",
        "import asyncio\nawait asyncio.sleep(1000)",
        "import asyncio\nasyncio.run(asyncio.sleep(1000))",
        "import threading\nthreading.Event().wait()",
        "import subprocess\nsubprocess.run(['sleep', '1000'])",
        "class Slow:\n    def __repr__(self):\n        while True: pass\nSlow()",
    ],
)
def test_interrupt_ends_the_call_and_keeps_the_variables(session: Interpreter, loop: str) -> None:
    """A call over its time is interrupted first: what the session has costs more than the call."""
    session.run("kept = 1")
    answer = session.run(f"print('go')\n{loop}", interrupt_on="go")
    assert (130, True) == (answer["status"], answer["interrupted"])
    lines = answer.stderr.splitlines()
    assert ("Traceback (most recent call last):", "KeyboardInterrupt") == (lines[0], lines[-1])
    assert "jail" not in answer.stderr
    assert "1" == session.run("kept")["result"]


def test_second_interrupt_ends_a_task_that_resists(session: Interpreter) -> None:
    """asyncio turns the first into a cancellation, which code may ignore; the task does not live on in the next call."""
    source = """
import asyncio
async def stubborn():
    while True:
        try:
            print('go')
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            print('again', flush=True)
await stubborn()
"""
    session.send(source)
    for word in (b"go\n", b"again\ngo\n"):
        _read_until(session, word)
        session.process.send_signal(signal.SIGINT)
    answer = session.answer()
    assert (130, True) == (answer["status"], answer["interrupted"])
    answer = session.run("for _ in range(9): await asyncio.sleep(0.001)\n1 + 2")
    assert ("3", "", "") == (answer["result"], answer.stdout, answer.stderr)


def test_interrupt_that_the_code_catches_does_not_end_it(session: Interpreter) -> None:
    """Then the code ended by itself, and its status is its own."""
    source = (
        "try:\n    print('go')\n    while True: pass\nexcept KeyboardInterrupt:\n    print('caught')\n'end'"
    )
    answer = session.run(source, interrupt_on="go")
    assert (0, False, "'end'") == (answer["status"], answer["interrupted"], answer["result"])


@pytest.mark.parametrize("handler", ["signal.SIG_IGN", "signal.SIG_DFL", "lambda *_: None"])
def test_handler_of_an_earlier_call_does_not_keep_interrupts_off(session: Interpreter, handler: str) -> None:
    """A library that once took SIGINT for itself would cost the session at the next time-out."""
    source = f"import signal\nsignal.signal(signal.SIGINT, {handler})\nsignal.pthread_sigmask(signal.SIG_BLOCK, [2])"
    assert 0 == session.run(source)["status"]
    answer = session.run("print('go')\nwhile True: pass", interrupt_on="go")
    assert (130, True) == (answer["status"], answer["interrupted"])


def test_interrupt_between_calls_is_nobodys(session: Interpreter) -> None:
    """One that comes too late for its call must not end the loop, and must not be taken for the next call's."""
    session.run("pass")
    for _ in range(100):
        session.process.send_signal(signal.SIGINT)
        assert (0, "1") == ((answer := session.run("1"))["status"], answer["result"])


def test_storm_of_interrupts_costs_calls_but_no_answers(session: Interpreter) -> None:
    """Each may come at any instruction of the loop: every call is answered once, in order, and the session goes on."""
    is_over = threading.Event()

    def storm() -> None:
        while not is_over.wait(0.0003):
            session.process.send_signal(signal.SIGINT)

    session.run("done = 0")
    thread = threading.Thread(target=storm)
    thread.start()
    try:
        for _ in range(500):
            answer = session.run("done += 1; done")
            assert session.calls == answer["call"]
            assert (answer["status"], answer["interrupted"]) in {(0, False), (130, True)}
    finally:
        is_over.set()
        thread.join()
    answer = session.run("0 < done <= 500")
    assert (0, "True", "") == (answer["status"], answer["result"], answer.stderr)


def test_exception_from_an_alarm_between_calls_ends_nothing(session: Interpreter) -> None:
    """A time limit of the code's own may be left behind, and goes off in the loop: no byte of the next call may be lost."""
    source = """
import signal
def ring(number, frame):
    raise TimeoutError('ring')
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
"""
    session.run(source)
    text = "x" * 3_000_000
    seen = set()
    for _ in range(100):
        answer = session.run(f"# {text[: session.calls * 30_000]}\n5")
        assert session.calls == answer["call"]
        seen.add(answer["result"])
    assert seen <= {"5", None}
    for _ in range(1000):
        if session.run("signal.setitimer(signal.ITIMER_REAL, 0)")["status"] == 0:
            break
    answer = session.run("5")
    assert ("5", 0) == (answer["result"], answer["status"])


@pytest.mark.parametrize(
    "damage",
    [
        "os.close(0); os.close(1); os.close(2)",
        "os.closerange(0, 3)",
        "f = os.open('/dev/null', os.O_RDWR); [os.dup2(f, n) for n in range(3)]",
        "sys.stdin = sys.stdout = sys.stderr = None",
        "sys.stdin.close(); sys.stdout.close(); sys.stderr.close()",
        "sys.stdin.detach(); sys.stdout.detach(); sys.stderr.detach()",
        "[s.buffer.close() for s in (sys.stdout, sys.stderr)]",
        "[s.buffer.raw.close() for s in (sys.stdout, sys.stderr)]",
        "[s.buffer.detach() for s in (sys.stdin, sys.stdout, sys.stderr)]",
        "del sys.stdin, sys.stdout, sys.stderr",
        "import io; sys.stdout = io.StringIO(); sys.stderr = io.BytesIO()",
        "class Broken:\n    def __getattr__(self, name): raise ValueError(name)\nsys.stdout = sys.stderr = Broken()",
        "[os.set_blocking(n, False) for n in range(3)]",
        "del sys.__stdout__, sys.__stderr__",
        "os.closerange(3, 100)",
        "os.close(1); print('x' * 10)",
        "os.close(2); sys.stdout = None; 1/0",
    ],
)
def test_streams_work_again_after(session: Interpreter, damage: str) -> None:
    """Whatever a call does to the standard streams ends with it."""
    session.run("import os, sys")
    session.run(damage)
    source = """
print('out')
print('err', file=sys.stderr)
os.system('echo child; echo child >&2')
sys.__stdout__.write('original\\n')
print('x' * 300_000)
[os.get_blocking(n) for n in range(3)], sys.stdin.readable()
"""
    answer = session.run(source)
    assert "out\nchild\noriginal\n" + "x" * 300_000 + "\n" == answer.stdout
    assert ("err\nchild\n", 0) == (answer.stderr, answer["status"])
    assert "([True, True, True], True)" == answer["result"]


def test_error_is_told_though_the_code_closed_its_streams(session: Interpreter) -> None:
    """The traceback is of the call, and it is needed most when much is broken."""
    answer = session.run("import os, sys\nos.close(1)\nos.close(2)\nsys.stderr = None\n1/0")
    assert "ZeroDivisionError: division by zero" == answer.stderr.splitlines()[-1]


def test_output_is_flushed_before_the_answer(session: Interpreter) -> None:
    """The host reads what is in the pipes when the answer comes: nothing may wait in a buffer, Python's, C's or a replacement's."""
    source = """
import ctypes, io, sys
sys.stdout.reconfigure(line_buffering=False)
print('python', end=' ')
old = sys.stdout
sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, 'w', closefd=False)))
print('replaced', end=' ')
ctypes.CDLL(None).printf(b'c')
"""
    assert {"python", "replaced", "c"} == set(session.run(source).stdout.split())
    assert "" == session.run("pass").stdout


def test_input_is_at_its_end_and_not_a_trap(session: Interpreter) -> None:
    """input() gets an ordinary error when the host has nothing to say."""
    os.close(session.stdin)
    session.stdin = os.open(os.devnull, os.O_RDONLY)
    answer = session.run("input()")
    assert "EOFError: EOF when reading a line" == answer.stderr.splitlines()[-1]
    assert 1 == session.run("input()")["status"]


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("pass", 0),
        ("5", 0),
        ("1/0", 1),
        ("sys.exit(7)", 7),
        ("import asyncio\n    await asyncio.sleep(0)\n    sys.exit(8)", 8),
    ],
)
def test_forked_process_that_comes_back_leaves(session: Interpreter, end: str, status: int) -> None:
    """`os.fork()` in a script is two processes that end at its end: here only one of them answers."""
    source = f"""
import os, sys
pid = os.fork()
if pid == 0:
    print('child', end='')
    {end}
else:
    print('parent')
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""
    answer = session.run(source)
    assert {"child", "parent"} == set(answer.stdout.replace("childparent", "child parent").split())
    assert (0, str(status)) == (answer["status"], session.run("code")["result"])
    assert "'alone'" == session.run("'alone'")["result"]


def test_threads_and_pools_go_on(session: Interpreter) -> None:
    """A thread outlives its call, and multiprocessing's forks do their work and leave."""
    session.run(
        "import threading\ngo = threading.Event()\ndone = []\n"
        "thread = threading.Thread(target=lambda: (go.wait(), done.append(1)))\nthread.start()"
    )
    assert "[1]" == session.run("go.set()\nthread.join()\ndone")["result"]
    source = "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as pool:\n    x = pool.map(abs, [-1, -2])\nx"
    assert "[1, 2]" == session.run(source)["result"]


@pytest.mark.parametrize(
    "poison",
    [
        "import builtins\nfor name in 'len sum map isinstance repr compile eval min id'.split():\n    setattr(builtins, name, None)",
        "import os, json, signal, traceback\nos._exit = os.getpid = os.read = json.dumps = json.loads = signal.signal = None",
        "import traceback\ntraceback.print_exception = traceback.TracebackException = None",
        "import sys\nsys.modules.clear()",
        "globals().clear()",
        "import sys\nsys.path.clear()\nsys.meta_path.clear()\nsys.path_hooks.clear()",
        "import sys\nsys.setrecursionlimit(60)",
        "import gc\ngc.disable()",
        "import sys\nsys.settrace(lambda *_: 1/0)",
    ],
)
def test_poison_does_not_end_the_loop(session: Interpreter, poison: str) -> None:
    """Code that breaks its interpreter has broken its own later calls; each is still answered."""
    session.run(poison)
    answer = session.run("1/0")
    assert 1 == answer["status"]
    assert "ZeroDivisionError" in answer.stderr
    assert "5" == session.run("x = 5\nx")["result"]


def test_door_is_out_of_the_way_and_not_inherited(session: Interpreter) -> None:
    """Code that opens a file gets descriptor 3 as in any program, and what it starts holds nothing of ours."""
    assert "3" == session.run("import os\nos.open('/dev/null', os.O_RDONLY)")["result"]
    assert "0 1 2 3\n" == session.run("os.close(3)\nos.system('ls /proc/self/fd | xargs');").stdout


def test_closed_door_ends_the_process_at_once(workspace: Path) -> None:
    """The session's end is the host's to say: no exit function and no thread holds it up."""
    with Interpreter(workspace) as session:
        session.run(
            "import atexit, threading\natexit.register(threading.Event().wait)\n"
            "threading.Thread(target=threading.Event().wait).start()"
        )
        session.door.close()
        assert 0 == session.process.wait(SECONDS)
    with Interpreter(workspace) as session:
        session.door.close()
        assert 0 == session.process.wait(SECONDS)


def test_calls_may_come_in_pieces_and_in_heaps(session: Interpreter) -> None:
    """The door is a stream: a header may be cut anywhere, and the next call may be there before the last is answered."""
    for byte in b'{"call": 1, "source_bytes": 5}\nx = 1':
        session.door.sendall(bytes([byte]))
    assert 1 == session.answer()["call"]
    heap = b"".join(b'{"call": %d, "source_bytes": 8}\nx += 1;x' % number for number in range(2, 50))
    session.door.sendall(heap)
    assert [str(number) for number in range(2, 50)] == [session.answer()["result"] for _ in range(2, 50)]


def test_large_source_runs(session: Interpreter) -> None:
    """Ten megabytes of code: an embedded table, say."""
    source = "data = '''" + "0123456789abcdef\n" * 600_000 + "'''\nlen(data)"
    assert str(17 * 600_000) == session.run(source)["result"]


def test_warnings_of_the_compiler_come_once(session: Interpreter) -> None:
    """The code is compiled in two steps."""
    assert 1 == session.run("1 is 1").stderr.count("SyntaxWarning")


def _read_until(session: Interpreter, word: bytes) -> None:
    """Wait until the call under way has printed `word`."""
    text = b""
    while word not in text:
        assert select.select([session.out], [], [], SECONDS)[0], text
        text += os.read(session.out, 65536)
