"""What runs in the interpreter of a jail: it takes one job through the door and runs it as `python script.py` would.

Everything around it is locked when `main` begins. It stands on the standard library and on conversation.py alone, because another
interpreter gets its text through `-c`. It holds nothing worth stealing and is not asked how the program ended: the jail's init sees that.
"""

import atexit
import builtins
import gc
import io
import json
import os
import select
import sys
from _frozen_importlib_external import SourceFileLoader  # importlib.machinery takes as long as a run
from _signal import SIG_IGN, SIGINT, SIGPIPE, SIGXFSZ, default_int_handler  # type: ignore[import-not-found]
from _signal import signal as set_handler  # what the module signal wraps around it takes ten times as long
from collections.abc import Callable
from os import _exit, close, read, write  # bound before the program can replace them
from types import ModuleType
from typing import Any, NoReturn

try:
    import ctypes
except ImportError:  # an interpreter built without libffi
    ctypes = None  # type: ignore[assignment]

# The functions below find their builtins here: what the program does to its own must not change how its end is told.
globals()["__builtins__"] = dict(vars(builtins))

# What ends a program, taken before the program can replace it.
_default_hook = sys.__excepthook__
_run_exit_functions = atexit._run_exitfuncs
_flush_c = None if ctypes is None else ctypes.CDLL(None).fflush

_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # of json.loads what is C's: a fork pays for all that it touches
_READY = json.dumps({"ready": list(sys.version_info[:3])}).encode() + b"\n"
_TWISTER_BYTES = 624 * 4
_SOON_MS = 3  # a job for which somebody waits has come by then
_LINE_BYTES = 448  # a job and a line of code, and still one of Python's small objects
_PIECE_BYTES = 256 * 1024
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
DOOR = 3
"""The descriptor of the socket to the host."""
_door = select.poll()
_door.register(DOOR, select.POLLIN)
conversation: Any = None
"""The module that holds sessions, where there can be any: importing it takes time that a single run has not."""
RANDOM: list[Callable[[], object]] = []
"""What gives each random generator that imported modules have made a state of its own: siblings must not draw the same from them."""


def main(
    modules: tuple[str, ...] = (),
    *,
    is_fork: bool = True,
    is_rehearsed: bool = False,
    before_session: Callable[[], None] = lambda: None,
) -> NoReturn:
    """Get ready, say so, take a job, run it, exit with its status.

    A fork of the zygote has everything imported, and its streams. An interpreter of its own imports its site and `modules` first.
    `is_rehearsed`: there is to be a rehearsal if nobody waits for this interpreter. `before_session` is called when the job turns out to
    be one.
    """
    gc.enable()  # the zygote does without
    set_handler(SIGINT, default_int_handler)
    set_handler(SIGPIPE, SIG_IGN)  # these two as CPython does at its start
    set_handler(SIGXFSZ, SIG_IGN)
    if is_fork:
        reseed(RANDOM)
    else:
        hide()
        open_standard_streams()
        import importlib
        import site

        site.main()  # -S kept it away: .pth files and sitecustomize belong to the venv's owner and run in here only
        for name in modules:
            importlib.import_module(name)
    write(DOOR, _READY)
    if is_rehearsed and not _door.poll(_SOON_MS):
        rehearse()
    job, source = take_job()
    if not job:
        _exit(0)
    if "session" in job:
        before_session()
        conversation.serve(source, job)
    if len(source) < job["source_bytes"]:
        source = _whole(source, job["source_bytes"])
    close(DOOR)
    status = 1
    try:
        status = _run(job, source)
    finally:
        _exit(status)


def take_job() -> tuple[dict[str, Any], bytes]:
    """Return the job that comes through the door, and what was read beyond it; an empty one when the host has closed the door."""
    received = b""
    while received.find(b"\n") < 0:
        more = read(DOOR, _PIECE_BYTES if received else _LINE_BYTES)
        if not more:
            return {}, b""
        received += more
    line, _, rest = received.partition(b"\n")
    return _scan(line.decode(), 0)[0], rest


def _whole(start: bytes, size: int) -> bytes:
    """Return the `size` bytes that begin with `start`, and come through the door; fewer when the host closes it."""
    pieces, left = [start], size - len(start)
    while left and (more := read(DOOR, min(left, _PIECE_BYTES))):
        pieces.append(more)
        left -= len(more)
    return b"".join(pieces)


def refuse(why: str) -> None:
    """Tell the host that this interpreter cannot start."""
    os.write(DOOR, json.dumps({"refused": why[:1000]}).encode() + b"\n")


def rehearse() -> None:
    """Do once what every job needs, while nobody waits: a fork gets its memory page by page, at the first use of each."""
    job, _ = _scan('{"path": "/dev/null", "source_bytes": 1}', 0)
    with open(job["path"], "wb") as file:
        file.write(b"1")
    module = _main_module(job["path"])
    stream = io.TextIOWrapper(io.BufferedWriter(io.FileIO(job["path"], "w")), line_buffering=True)
    vars(module)["print"] = lambda text: stream.write(f"{text}\n")
    try:
        exec(compile(_REHEARSAL, job["path"], "exec", dont_inherit=True), vars(module))
    except ZeroDivisionError:
        stream.close()


_REHEARSAL = b"""
import sys
def each(numbers):
    return [number * number for number in numbers if number % 2]
class Sum:
    def __init__(self, parts): self.parts = parts
    def __str__(self): return f"{sum(self.parts)}: {', '.join(map(str, self.parts))}"
with open(__file__) as file: names = {line: len(line) for line in file}
print(Sum(each(range(100))))
try: names["missing"]
except KeyError as error: print(error)
1 / 0
"""


def hide() -> None:
    """Take our own modules from those that the code gets to see."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "jail"]:
        del sys.modules[name]


def random_generators() -> list[Any]:
    """Return every generator of random numbers that is alive in this process: Python's and, if it is imported, numpy's."""
    kinds: list[type] = [sys.modules["random"].Random] if "random" in sys.modules else []
    if "numpy" in sys.modules:
        numpy = sys.modules["numpy"]
        kinds += [numpy.random.RandomState, numpy.random.Generator]
    return [each for each in gc.get_objects() if issubclass(type(each), tuple(kinds))]


def reseed(ways: list[Callable[[], object]]) -> None:
    """Give each generator a state of its own, in the way that `reseeding` found for it."""
    for give in ways:
        give()


def reseeding(generator: Any) -> Callable[[], object]:
    """Return what gives `generator` a state of its own."""
    bits = getattr(generator, "bit_generator", None)
    if bits is not None:
        return lambda: setattr(bits, "state", type(bits)().state)
    generator.seed()  # and nothing is left of what was drawn
    state = _twister_state(getattr(generator, "_bit_generator", None))
    if state is None:
        return generator.seed  # type: ignore[no-any-return]
    # numpy's own way writes to ninety pages, and each is then this process's alone.
    return lambda: setattr(state, "raw", os.urandom(_TWISTER_BYTES))


def _twister_state(bits: Any) -> Any:
    """Return the memory in which numpy keeps the 624 words of a Mersenne twister; None where they are not found there."""
    if ctypes is None or type(bits).__name__ != "MT19937":
        return None
    state = (ctypes.c_char * _TWISTER_BYTES).from_address(bits.ctypes.state_address)
    return state if state.raw == bits.state["state"]["key"].tobytes() else None


def source() -> str:
    """Return this package's half of the interpreter as one program, for an interpreter that is not a fork of ours.

    Its arguments are the modules to import first.
    """
    folder = os.path.dirname(__file__)
    texts = {}
    for name in ("display", "conversation", "inside"):
        with open(f"{folder}/{name}.py", encoding="utf-8") as file:
            texts[name] = file.read()
    return f"""
import sys, types
package = sys.modules["jail"] = types.ModuleType("jail")
package.__path__ = []
for name, text in {texts!r}.items():
    module = sys.modules["jail." + name] = types.ModuleType("jail." + name)
    module.__package__ = "jail"
    exec(compile(text, "<plugcli " + name + ">", "exec"), vars(module))
    setattr(package, name, module)
module.conversation = package.conversation
module.main(tuple(sys.argv[1:]), is_fork=False)
"""


def open_standard_streams() -> None:
    """Make sys.stdin, stdout and stderr anew: those that are there remember what the descriptors were.

    Standard output is line buffered, unlike that of `python script.py | cat`: output streams as it comes, and what a program printed
    before its time ran out is kept.
    """
    for descriptor, name, mode, errors in (
        (0, "stdin", "r", "surrogateescape"),
        (1, "stdout", "w", "surrogateescape"),
        (2, "stderr", "w", "backslashreplace"),
    ):
        raw = io.FileIO(descriptor, mode, closefd=False)
        raw.name = f"<{name}>"  # as CPython's create_stdio does
        binary = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
        stream = io.TextIOWrapper(
            binary, encoding="utf-8", errors=errors, newline="\n", line_buffering=mode == "w"
        )
        stream.mode = mode  # type: ignore[misc]
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _run(job: dict[str, Any], source: bytes) -> int:
    """Run `source` as the program `job["path"]`; return its exit status."""
    path = job["path"]
    _write(path, source)
    sys.argv = [job["name"], *job["arguments"]]
    sys.orig_argv = [sys.executable, *sys.argv]
    sys.path.insert(0, job["import_from"])
    main = _main_module(path)
    sys.modules["__main__"] = main
    status = 0
    try:
        exec(compile(source, path, "exec", dont_inherit=True), main.__dict__)
    except SystemExit as exit_:
        status = _exit_status(exit_.code)
    except BaseException as error:
        status = 130 if isinstance(error, KeyboardInterrupt) else 1
        _show(error)
    return _finish(status)


def _write(path: str, data: bytes) -> None:
    descriptor = os.open(path, _NEW_FILE, 0o666)
    try:
        written = write(descriptor, data)
        while written < len(data):
            written += write(descriptor, data[written:])
    finally:
        close(descriptor)


def _main_module(path: str) -> ModuleType:
    module = ModuleType("__main__")
    if hasattr(sys.modules["__main__"], "__annotations__"):  # up to 3.13 Python gives its program this, too
        vars(module).update(__annotations__={})
    vars(module).update(
        __file__=path,
        __builtins__=builtins,
        __loader__=SourceFileLoader("__main__", path),
        __cached__=None,
        __spec__=None,
        __package__=None,
    )
    return module


def _exit_status(code: object) -> int:
    """Return what `python` exits with after SystemExit(code)."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF if -(2**63) <= code < 2**63 else 0xFF
    try:
        sys.stderr.write(f"{code}\n")
    except BaseException:
        return 1  # CPython ignores it too
    return 1


def _show(error: BaseException) -> None:
    """Print the traceback as if this file were not below the program."""
    try:
        sys.excepthook(type(error), _without_us(error), error.__traceback__)
    except BaseException as second:
        _say("Error in sys.excepthook:")
        _default_hook(type(second), _without_us(second), second.__traceback__)
        _say("\nOriginal exception was:")
        _default_hook(type(error), error, error.__traceback__)


def _finish(status: int) -> int:
    """Do what Python does at exit, but for the finalisation of modules, which costs more than all the rest."""
    try:
        threading = sys.modules.get("threading")
        if threading is not None:
            threading._shutdown()  # waits for the threads that are not daemons
    except BaseException as error:
        _show(error)
    _run_exit_functions()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BaseException:
            status = 120
    if _flush_c is not None:
        _flush_c(None)  # what C code printed and still holds
    return status


def _say(text: str) -> None:
    try:
        sys.stderr.write(text + "\n")
    except BaseException:
        return  # there is nobody to tell


def _without_us(error: BaseException) -> BaseException:
    """Take the frames of this file from the traceback's beginning."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename == _run.__code__.co_filename:
        traceback = traceback.tb_next
    return error.with_traceback(traceback)
