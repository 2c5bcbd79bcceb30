"""Promises 6 and 8: whatever text comes as code, what follows is what Python makes of it, and what runs it cannot be poisoned."""

from typing import Any

import pytest

from tests.abuse.box import Box


def assert_same(control: dict[str, Any], result: dict[str, Any]) -> None:
    """Both ended alike: the status, the output, and the kind of error that is the last word on standard error."""
    status = control["returncode"]
    # A signal of its own is a status in a shell; Python ends itself by SIGINT after a KeyboardInterrupt.
    assert (result["returncode"], result["stdout"]) == (
        128 - status if status < 0 else status,
        control["stdout"],
    )
    for line, expected in zip(
        result["stderr"].splitlines()[-1:], control["stderr"].splitlines()[-1:], strict=True
    ):
        assert line.partition(":")[0] == expected.partition(":")[0]


@pytest.mark.row("E2")
@pytest.mark.parametrize("code", ["\ud800", "x = '\udc80'"])
def test_half_a_surrogate_pair_in_the_code_is_a_syntax_error(box: Box, code: str) -> None:
    """JSON can say it, UTF-8 cannot: Python refuses it, not the server."""
    control, result = box.outside(code, with_facts=False), box.inside(code, with_facts=False)
    assert_same(control, result)
    assert "SyntaxError" in result["stderr"]


@pytest.mark.row("E3")
def test_ten_megabytes_of_code_run(box: Box) -> None:
    """Data inside the program is how models pass it; the argument list, where others put code, ends at 128 KiB."""
    naive = "import subprocess, sys\ntry: subprocess.run([sys.executable, '-c', '#' * 200_000])\nexcept OSError as e: print(e.errno)"
    assert box.outside(naive)["stdout"] == "7\n"
    code = "data = '" + "x" * 10_000_000 + "'\nprint(len(data))"
    assert box.inside(code)["stdout"] == "10000000\n"


DEEP = {
    "parentheses": "(" * 100_000 + ")" * 100_000,
    "open brackets": "[" * 100_000,
    "minus": "-" * 100_000 + "1",
    "not": "not " * 50_000 + "1",
    "indents": "".join(" " * i + "if 1:\n" for i in range(101)) + " " * 101 + "pass",
    "attributes": "a" + ".a" * 100_000,
    "lambdas": "lambda: " * 10_000 + "1",
    "additions": "+".join(["1"] * 100_000),
    "strings": "f'{" * 100 + "1" + "}'" * 100,
    "long number": "1" * 10_000,
    "long name": "a" * 1_000_000,
}


@pytest.mark.row("E4")
@pytest.mark.parametrize("name", DEEP)
def test_code_that_is_too_deep_is_the_codes_error(box: Box, name: str) -> None:
    """The parser's limits are Python's: an error, or a crash of that interpreter alone, as outside."""
    control = box.outside(DEEP[name], with_facts=False)
    result = box.inside(DEEP[name], with_facts=False, then="print('next')")
    assert_same(control, result)
    assert result["outcome"] in ("error", "died")
    assert result["then"]["stdout"] == "next\n"


@pytest.mark.row("E5")
def test_endless_compilation_is_stopped_at_the_time_limit(box: Box) -> None:
    """The text is compiled inside, under the same clock: nobody outside ever parses it."""
    code = "x = [" + "[]," * 3_000_000 + "]"
    assert box.outside(code, seconds=1.5)["outcome"] == "timeout"
    result = box.inside(code, wall_seconds=1.0, memory_bytes=2 << 30)
    assert (result["outcome"], result["left"]) == ("timeout", [])
    assert result["seconds"] < 3


@pytest.mark.row("E6")
@pytest.mark.parametrize(
    "code",
    [
        "\ufeffprint(1)",
        "print(1)\r\nprint(2)\r\n",
        "print(1)\rprint(2)\r",
        "if True:\n\tprint(1)\n\tprint(2)",
        "if True:\n\tprint(1)\n        print(2)",
        "# -*- coding: latin-1 -*-\nprint('\u00e4', __file__[-7:])",
        "# coding: klingon\n",
        "",
        "\n\n",
        "# nothing",
        "print(1)  # no line end",
        "print(1)\\",
        "\x0cprint(1)",
        "print('\u2028')",
        "print(1)\x1a",
    ],
)
def test_odd_text_is_what_python_makes_of_it(box: Box, code: str) -> None:
    """Models, editors and Windows put these into programs."""
    assert_same(box.outside(code, with_facts=False), box.inside(code, with_facts=False))


@pytest.mark.row("E10")
@pytest.mark.parametrize(
    "code",
    [
        "raise KeyboardInterrupt",
        "raise BaseException('base')",
        "class Exit(SystemExit): pass\nraise Exit(7)",
        "raise SystemExit(3) from ValueError('cause')",
        "raise GeneratorExit",
        "class E(Exception):\n    def __str__(self): raise E\nraise E",
        "import sys\nsys.excepthook = lambda *error: print('mine')\n1/0",
        "import sys\nsys.excepthook = 1/0 if 0 else None\n1/0",
        "import sys\nsys.stderr = None\n1/0",
        "import sys, threading\nt = threading.Thread(target=lambda: 1/0)\nt.start()\nt.join()",
    ],
)
def test_any_exception_ends_as_in_python(box: Box, code: str) -> None:
    """Also those that `except Exception` does not catch."""
    assert_same(box.outside(code), box.inside(code))


@pytest.mark.row("E11")
@pytest.mark.parametrize("with_venv", [False, True], ids=["forked", "started"])
def test_runner_imports_nothing_of_the_workspace(box: Box, with_venv: bool) -> None:
    """A model calls its file json.py: its own imports find that, what runs it does not."""
    code = """
import sys
for name in ('threading', 'atexit', 'json', 'ctypes', 'traceback', 'linecache', 'io', 'site', 'signal', 'random'):
    with open(name + '.py', 'w') as file: file.write(f'print("mine: {name}")')
import random
print(random.__file__.endswith('/random.py'))
sys.exit(4)
"""
    # Outside the current folder is the program's own, too.
    assert_same(box.outside(code, with_venv=with_venv), box.inside(code, with_venv=with_venv))


@pytest.mark.row("E12")
@pytest.mark.parametrize(
    "poison",
    [
        "import builtins\nfor name in ('isinstance', 'open', 'type', 'getattr', 'BaseException', 'int'): setattr(builtins, name, None)",
        "import builtins\nbuiltins.__import__ = None",
        "import sys\nsys.modules.clear()",
        "import sys\nfor name in ('threading', 'atexit', 'json', 'os', 'io', 'builtins'): sys.modules[name] = None",
        "import json, traceback\njson.dumps = json.loads = traceback.print_exception = None",
        "import os\nos._exit = os.kill = os.close = lambda *a: None",
        "import threading\nthreading._shutdown = 1",
        "import atexit\natexit._run_exitfuncs = None\natexit.register(print, 'at exit')",
        "import sys\nsys.exit = sys.excepthook = sys.__excepthook__ = None",
        "import sys\nsys.setrecursionlimit(40)",
        "import sys, types\nsys.modules['__main__'] = types.ModuleType('other')",
    ],
)
@pytest.mark.parametrize("ending", ["raise SystemExit(3)", "1/0"])
def test_poisoned_interpreter_ends_as_in_python(box: Box, poison: str, ending: str) -> None:
    """What a program breaks is its own; how it ended is still told right, and the next run has an interpreter of its own."""
    code = f"{poison}\n{ending}"
    control, result = box.outside(code), box.inside(code, then="print('next')")
    assert (result["returncode"], result["stdout"]) == (control["returncode"], control["stdout"])
    assert "inside.py" not in result["stderr"]
    assert result["then"]["stdout"] == "next\n"


@pytest.mark.row("E13")
@pytest.mark.parametrize("with_venv", [False, True], ids=["forked", "started"])
def test_nothing_of_the_host_is_in_the_interpreters_memory(box: Box, with_venv: bool) -> None:
    """Frames, the garbage collector and /proc/self/mem show all that the process holds: so it holds nothing worth finding."""
    code = """
import gc, os, socket, sys, types
secret = b'-'.join([b'the', b'host', b'keeps', b'this'])
found = 0
with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', buffering=0) as memory:
    for line in maps:
        addresses, mode, *_ = line.split()
        start, end = (int(address, 16) for address in addresses.split('-'))
        if mode[0] != 'r' or end - start > 1 << 26: continue
        try:
            memory.seek(start)
            data = memory.read(end - start)
        except (OSError, OverflowError, ValueError): continue
        at = data.find(secret)
        while at >= 0:
            found += data[at - 1:at] in (b'\\0', b'=')  # not the copies that the search makes
            at = data.find(secret, at + 1)
        del data
print(found)
def is_open(fd):
    try: os.fstat(fd)
    except OSError: return False
    return True
print([o for o in gc.get_objects() if isinstance(o, socket.socket) and is_open(o.fileno())])
print([o.__name__ for o in gc.get_objects() if isinstance(o, types.ModuleType) and 'plugcli' in o.__name__])
print(list(filter(is_open, range(1024))))
"""
    assert int(box.outside(code, with_venv=with_venv)["stdout"].split()[0]) > 0
    if box.is_landlock:  # nothing may look there
        assert "PermissionError: [Errno 13]" in box.inside(code, with_venv=with_venv)["stderr"]
        code = code.partition("secret = ")[0] + "def is_open(fd)" + code.partition("def is_open(fd)")[2]
        assert box.inside(code, with_venv=with_venv)["stdout"] == "[]\n[]\n[0, 1, 2]\n"
        return
    assert box.inside(code, with_venv=with_venv)["stdout"] == "0\n[]\n[]\n[0, 1, 2]\n"


@pytest.mark.row("E14")
@pytest.mark.parametrize("with_venv", [False, True], ids=["forked", "started"])
def test_program_is_main(box: Box, with_venv: bool) -> None:
    """`if __name__ == '__main__'` is how programs begin, and pickling, inspecting and importing oneself rely on the rest."""
    code = """
import inspect, os, pickle, sys
class Point:
    pass
if __name__ == '__main__':
    import __main__
    print(__main__ is sys.modules[__name__], os.path.basename(__file__), os.path.basename(sys.argv[0]), len(sys.argv))
    print(type(pickle.loads(pickle.dumps(Point()))) is Point, inspect.getsource(Point).split()[1])
    print(sorted(name for name in globals() if name.startswith('__')), __spec__, __package__, __doc__)
    print(sys.flags.interactive, sys.stdin.isatty(), sys.stdout.encoding, sys.stdout.errors, sys.stderr.errors)
"""
    control = box.outside(code, with_facts=False, with_venv=with_venv)
    assert control["stdout"].startswith("True code.py code.py 1\nTrue Point:\n")
    assert_same(control, box.inside(code, with_facts=False, with_venv=with_venv))


@pytest.mark.row("E14")
@pytest.mark.row("E15")
@pytest.mark.parametrize(
    "code", ["await f()", "%timeit 1", "!ls", "print?", "?print", "%%bash\nls", "return 1"]
)
def test_notebook_language_is_a_syntax_error(box: Box, code: str) -> None:
    """A run is `python script.py`: what only a notebook understands is refused by Python, with its line."""
    control, result = box.outside(code), box.inside(code)
    assert_same(control, result)
    assert "SyntaxError" in result["stderr"]
