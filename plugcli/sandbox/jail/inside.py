"""Runs in the interpreter of a jail: takes one job through the door and runs it as `python script.py` would.

The jail is locked when `main` begins. This file uses only the standard library and conversation.py, because another interpreter gets its
text through `-c`. It holds nothing worth stealing, and nobody asks it how the program ended: the jail's init sees that.
"""

import atexit
import builtins
import gc
import io
import json
import os
import select
import sys
from _frozen_importlib_external import (
    SourceFileLoader,
)  # importing importlib.machinery takes as long as a run
from _signal import SIG_IGN, SIGINT, SIGPIPE, SIGXFSZ, default_int_handler  # type: ignore[import-not-found]
from _signal import signal as set_handler  # the wrapper in the module signal takes ten times as long
from collections.abc import Callable
from os import _exit, close, read, write  # bound before the program can replace them
from types import ModuleType
from typing import Any, NoReturn

try:
    import ctypes
except ImportError:  # an interpreter built without libffi
    ctypes = None  # type: ignore[assignment]

# The functions below find their builtins here, so that a program that changes its builtins cannot change how its end is reported.
globals()["__builtins__"] = dict(vars(builtins))

# Functions that end a program, bound before the program can replace them.
_default_hook = sys.__excepthook__
_run_exit_functions = atexit._run_exitfuncs
_flush_c = None if ctypes is None else ctypes.CDLL(None).fflush

_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # of json.loads what is C's: a fork pays for all that it touches
_READY = json.dumps({"ready": list(sys.version_info[:3])}).encode() + b"\n"
_TWISTER_BYTES = 624 * 4
_SOON_MS = 3  # by then, a job that somebody waits for has arrived
_LINE_BYTES = 448  # enough for a job and a line of code, and still one of Python's small objects
_PIECE_BYTES = 256 * 1024
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
DOOR = 3
"""The descriptor of the socket to the host."""
_USUAL_WORKSPACE = "/mnt/data"
_USUAL_FOLDERS = ("/mnt/data", "/tmp", "/var/tmp", "/home/sandbox")
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
    """Get ready, report it, take a job, run it, and exit with its status.

    A fork of the zygote has its imports and streams already. A separate interpreter imports its site and `modules` first. If
    `is_rehearsed`, a rehearsal is run while nobody waits for this interpreter. `before_session` is called if the job is a session.
    """
    gc.enable()  # the zygote runs without it
    set_handler(SIGINT, default_int_handler)
    set_handler(SIGPIPE, SIG_IGN)  # both as CPython sets them at its start
    set_handler(SIGXFSZ, SIG_IGN)
    if is_fork:
        reseed(RANDOM)
    else:
        hide()
        open_standard_streams()
        import importlib
        import site

        site.main()  # -S skipped it: .pth files and sitecustomize belong to the venv's owner and run only in here
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
        conversation.serve(source, job, note_where_files_are)
    if len(source) < job["source_bytes"]:
        source = _whole(source, job["source_bytes"])
    close(DOOR)
    status = 1
    try:
        status = _run(job, source)
    finally:
        _exit(status)


def take_job() -> tuple[dict[str, Any], bytes]:
    """Return the job from the door and the bytes read beyond it; an empty job if the host has closed the door."""
    received = b""
    while received.find(b"\n") < 0:
        more = read(DOOR, _PIECE_BYTES if received else _LINE_BYTES)
        if not more:
            return {}, b""
        received += more
    line, _, rest = received.partition(b"\n")
    return _scan(line.decode(), 0)[0], rest


def _whole(start: bytes, size: int) -> bytes:
    """Return `size` bytes from the door, beginning with `start`; fewer if the host closes it."""
    pieces, left = [start], size - len(start)
    while left and (more := read(DOOR, min(left, _PIECE_BYTES))):
        pieces.append(more)
        left -= len(more)
    return b"".join(pieces)


def refuse(why: str) -> None:
    """Tell the host that this interpreter cannot start."""
    os.write(DOOR, json.dumps({"refused": why[:1000]}).encode() + b"\n")


def rehearse() -> None:
    """Do once what every job does, while nobody waits, because a fork copies each page at its first use."""
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
    """Remove our own modules from sys.modules, so that the code does not see them."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "jail"]:
        del sys.modules[name]


def random_generators() -> list[Any]:
    """Return every random number generator in this process: Python's and, if imported, numpy's."""
    kinds: list[type] = [sys.modules["random"].Random] if "random" in sys.modules else []
    if "numpy" in sys.modules:
        numpy = sys.modules["numpy"]
        kinds += [numpy.random.RandomState, numpy.random.Generator]
    return [each for each in gc.get_objects() if issubclass(type(each), tuple(kinds))]


def reseed(ways: list[Callable[[], object]]) -> None:
    """Reseed each generator by the function that `reseeding` returned for it."""
    for give in ways:
        give()


def reseeding(generator: Any) -> Callable[[], object]:
    """Return the function that reseeds `generator`."""
    bits = getattr(generator, "bit_generator", None)
    if bits is not None:
        return lambda: setattr(bits, "state", type(bits)().state)
    generator.seed()  # and no drawn number is kept
    state = _twister_state(getattr(generator, "_bit_generator", None))
    if state is None:
        return generator.seed  # type: ignore[no-any-return]
    # numpy's own seeding writes to ninety pages, each of which this process then no longer shares.
    return lambda: setattr(state, "raw", os.urandom(_TWISTER_BYTES))


def _twister_state(bits: Any) -> Any:
    """Return the memory with the 624 words of numpy's Mersenne twister; None if they are not found there."""
    if ctypes is None or type(bits).__name__ != "MT19937":
        return None
    state = (ctypes.c_char * _TWISTER_BYTES).from_address(bits.ctypes.state_address)
    return state if state.raw == bits.state["state"]["key"].tobytes() else None


def source() -> str:
    """Return the files that run inside an interpreter as one program, for an interpreter that is exec'd, not forked.

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
    """Replace sys.stdin, stdout and stderr, because the existing objects belong to the old descriptors.

    Standard output is line buffered, unlike that of `python script.py | cat`, so that output streams, and output from before a time-out
    is kept.
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
        _show(error, job["import_from"])
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
    if hasattr(sys.modules["__main__"], "__annotations__"):  # up to 3.13, Python sets this too
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
    """Return the exit status of `python` after SystemExit(code)."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF if -(2**63) <= code < 2**63 else 0xFF
    try:
        sys.stderr.write(f"{code}\n")
    except BaseException:
        return 1  # CPython ignores it too
    return 1


def note_where_files_are(error: BaseException, workspace: str) -> None:
    """Add to an error about a file where the code's files are, if that is not where they are on most machines."""
    if workspace == _USUAL_WORKSPACE or not isinstance(error, OSError) or type(error.filename) is not str:
        return
    if error.filename.startswith(_USUAL_FOLDERS) and not error.filename.startswith(workspace[: -len("data")]):
        error.add_note(
            f"in this sandbox the working directory is {workspace}, and the folder for temporary files is "
            f"{os.environ.get('TMPDIR')} (tempfile.gettempdir())"
        )


def _show(error: BaseException, workspace: str = _USUAL_WORKSPACE) -> None:
    """Print the traceback without the frames of this file."""
    note_where_files_are(error, workspace)
    try:
        sys.excepthook(type(error), _without_us(error), error.__traceback__)
    except BaseException as second:
        _say("Error in sys.excepthook:")
        _default_hook(type(second), _without_us(second), second.__traceback__)
        _say("\nOriginal exception was:")
        _default_hook(type(error), error, error.__traceback__)


def _finish(status: int) -> int:
    """Do what Python does at exit, except finalising modules, which costs more than everything else."""
    try:
        threading = sys.modules.get("threading")
        if threading is not None:
            threading._shutdown()  # waits for non-daemon threads
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
        _flush_c(None)  # flushes the buffers of C code
    return status


def _say(text: str) -> None:
    try:
        sys.stderr.write(text + "\n")
    except BaseException:
        return  # nobody can be told


def _without_us(error: BaseException) -> BaseException:
    """Remove the frames of this file from the beginning of the traceback."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename == _run.__code__.co_filename:
        traceback = traceback.tb_next
    return error.with_traceback(traceback)
