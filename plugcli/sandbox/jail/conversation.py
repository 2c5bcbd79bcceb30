"""Runs in the interpreter of a session: a loop that takes calls through the door and answers each when its code has ended.

The code of all calls runs in this process and in one `__main__`, so that each call finds what earlier calls left. The code can reach
everything here. It can lie about its own results and about nothing else: nothing here is secret, and the host trusts nothing that it
reads. Well-meaning code must not be able to end the loop, whatever it does to the streams, the signals or the modules.

An exception can be raised anywhere: by a SIGINT as the call ends, or by a handler that the code left for its alarm. So the loop is a state
machine whose state changes in single stores, and an interrupted step is repeated.

This file uses only display.py and the standard library, because other interpreters get its text.
"""

import _signal  # type: ignore[import-not-found]
import ast
import builtins
import contextvars
import fcntl
import io
import json.encoder
import linecache
import opcode
import os
import re
import signal
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from os import _exit, dup2, getpid, read, set_blocking, write  # bound before the code can replace them
from typing import Any, NoReturn

from . import display

try:
    import ctypes
except ImportError:  # an interpreter built without libffi
    ctypes = None  # type: ignore[assignment]

# The functions below find their builtins here, so that code that changes its builtins cannot change how its end is reported.
globals()["__builtins__"] = dict(vars(builtins))

DOOR = 3
"""The descriptor of the socket to the host, until `serve` puts it out of the way."""

FRAME_BYTES = 4 << 20
"""The longest answer."""

RESULT_CHARACTERS = 100_000
"""The longest text of a call's last value."""

_flush_c = None if ctypes is None else ctypes.CDLL(None).fflush
_ROOM = 65536  # the size of one read, below the size for which malloc asks the kernel each time
_STRAYS = 1000  # how many unexpected exceptions without progress between them make the loop give up
_LEVELS = 8  # on a busy machine, an alarm every half millisecond is raised in several of them in a row
_HEADER = re.compile(
    rb'"(call|source_bytes)"\s*:\s*(\d+)'
)  # a pattern, because json is Python code, which the code may have broken
_VALUE = "<value>"  # not a name that code can use
_INDENT = re.compile(r"(?:[ \t\f]*(?:#[^\n]*)?\n)*([ \t]+)[^\s#]")
_RAISE = opcode.opmap["RAISE_VARARGS"]

# These are bound early, too.
_quote = json.encoder.encode_basestring_ascii
_interrupt = signal.default_int_handler  # exactly this function, because asyncio looks for it
# The C functions, because the Python wrappers in the module signal take ten times as long.
_set_handler = _signal.signal
_set_mask = _signal.pthread_sigmask


def serve(received: bytes, job: dict[str, Any], note: Callable[[BaseException, str], None]) -> NoReturn:
    """Run calls until the host closes the door, then exit. `received` came with the job, whose `import_from` is the workspace.

    `note` adds to an error of the code what helps to understand it.
    """
    _set_handler(signal.SIGINT, _ignore)
    _insist(_Conversation(received, job["import_from"], note), _LEVELS)


def _insist(conversation: "_Conversation", levels: int) -> NoReturn:
    """Go on for ever. Each level catches the exception that is raised while the one below it handles another."""
    while True:
        try:
            if levels:
                _insist(conversation, levels - 1)
            _go_on(conversation)
        except BaseException:
            pass


def _go_on(conversation: "_Conversation") -> NoReturn:
    while conversation.strays < _STRAYS:
        try:
            while True:
                conversation.step()
                conversation.strays = 0
        except BaseException:
            conversation.strays += 1
    _exit(1)


def _ignore(number: int, frame: object) -> None:
    """Ignore a SIGINT that arrives when no code runs. SIG_IGN would be inherited by the children of a background thread."""


class _Call:
    """A call in progress and its end so far. Until its code has begun, the end is that an interrupt came first."""

    __slots__ = ("frame", "has_begun", "is_interrupted", "number", "result", "sent", "source", "status")

    def __init__(self, number: int, source: bytes) -> None:
        self.number = number
        self.source = source
        self.has_begun = False
        self.status = 130
        self.is_interrupted = True
        self.result: str | None = None
        self.frame: bytes | None = None
        self.sent: list[int] = []


class _Conversation:
    """The state of a session's loop."""

    def __init__(self, received: bytes, workspace: str, note: Callable[[BaseException, str], None]) -> None:
        self.strays = 0
        self._pid = getpid()
        self._door = _out_of_the_way(DOOR)
        os.close(DOOR)
        self._streams = _Streams()
        self._displays = display.Displays(workspace)
        self._code = _Code(workspace, note)
        # The bytes received from the host, and the call in progress: one store changes both.
        self._state: tuple[list[bytes], _Call | None] = ([received], None)

    def step(self) -> None:
        """Take one step. After any exception, it is right to repeat the step."""
        received, call = self._state
        if call is not None and getpid() != self._pid:
            self._leave_fork(call)
        if call is None:
            self._receive(received)
        elif not call.has_begun:
            call.has_begun = True
            self._run(call)
        else:
            self._answer(received, call)

    def _receive(self, received: list[bytes]) -> None:
        """Take a complete call from the received bytes, or receive more. Exit if the host has closed the door."""
        head, newline, rest = b"".join(received[:1]).partition(b"\n")
        if newline:
            header = dict(_HEADER.findall(head))
            number, size = int(header[b"call"]), int(header[b"source_bytes"])
            while len(rest) + sum(map(len, received[1:])) < size:
                self._read(received)
            whole = b"".join((rest, *received[1:]))
            left = [whole[size:]] if len(whole) > size else []
            self._state = (left, _Call(number, whole[:size]))
            return
        if len(received) > 1:
            received[:] = [b"".join(received)]
            return
        self._read(received)

    def _read(self, received: list[bytes]) -> None:
        self.strays = 0  # waiting is right, however often it is interrupted
        try:
            # One C call both reads and stores: an exception between two calls would lose the bytes.
            received.extend(map(read, (self._door,), (_ROOM,)))
        except OSError as error:
            self._take_door_error(error)
        if not received[-1]:
            _exit(0)

    def _run(self, call: _Call) -> None:
        """Run the code of a call, add its displays, and flush the streams."""
        self._streams.restore()
        _set_mask(signal.SIG_UNBLOCK, (signal.SIGINT,))
        _set_handler(signal.SIGINT, _interrupt)
        try:
            value = self._code.run(call.number, call.source)
            if getpid() == self._pid:
                if value is not None:
                    builtins._ = value  # type: ignore[attr-defined]
                    call.result = _shorten(repr(value))
                    self._displays.add_last(value)
                self._displays.add_figures()
            call.status, call.is_interrupted = 0, False
        except BaseException as error:
            call.is_interrupted = _is_interrupt(error)
            call.status = 130 if isinstance(error, KeyboardInterrupt) else 1
            self._streams.flush()
            self._streams.restore()
            if isinstance(error, SystemExit):
                call.status = _exit_status(error.code)
            else:
                self._code.show(error)
            if not call.is_interrupted and getpid() == self._pid:
                self._displays.add_figures()
        self._streams.flush()

    def _leave_fork(self, call: _Call) -> NoReturn:
        """End a process that the code forked and that returned from the call."""
        try:
            self._streams.flush()
        finally:
            _exit(call.status)

    def _answer(self, received: list[bytes], call: _Call) -> None:
        _set_handler(signal.SIGINT, _ignore)
        if call.frame is None:
            call.frame = self._frame(call)
        frame, sent = memoryview(call.frame), call.sent
        while (start := sum(sent)) < len(frame):
            try:
                sent.extend(map(write, (self._door,), (frame[start:],)))
            except OSError as error:
                self._take_door_error(error)
        self._state = (received, None)

    def _take_door_error(self, error: OSError) -> None:
        if error.errno is None:
            raise error  # for example a TimeoutError from the code's signal handler
        _exit(1)

    def _frame(self, call: _Call) -> bytes:
        displays = [
            "{" + ", ".join(f"{_quote(key)}: {_quote(text)}" for key, text in entry.items()) + "}"
            for entry in self._displays.take()
        ]
        result = "null" if call.result is None else _quote(call.result)
        left = FRAME_BYTES - 1000 - len(result)
        fitting: list[str] = []
        for entry in displays:
            left -= len(entry) + 2
            if left < 0:
                display.say(f"{len(displays) - len(fitting)} displays of this call are left out: too long")
                self._streams.flush()
                break
            fitting.append(entry)
        is_interrupted = "true" if call.is_interrupted else "false"
        frame = (
            f'{{"call": {call.number:d}, "status": {call.status:d}, "interrupted": {is_interrupted}, '
            f'"result": {result}, "displays": [{", ".join(fitting)}]}}'
        ).encode()
        return len(frame).to_bytes(4, "little") + frame


class _Code:
    """The module that all calls run in."""

    def __init__(self, workspace: str, note: Callable[[BaseException, str], None]) -> None:
        self._workspace = workspace
        self._note = note
        self._libraries = list(
            sys.path
        )  # without the workspace, whose files may have the names of our modules
        sys.argv = [""]
        sys.orig_argv = [sys.executable]
        sys.path.insert(0, workspace)
        module = types.ModuleType("__main__")
        if hasattr(sys.modules["__main__"], "__annotations__"):  # up to 3.13, Python sets this too
            vars(module).update(__annotations__={})
        vars(module).update(__builtins__=builtins)
        sys.modules["__main__"] = module
        self._names = vars(module)
        self._runner: Any = None
        self._default_hook = sys.__excepthook__
        self._print_exception = traceback.print_exception

    def run(self, number: int, source: bytes) -> object:
        """Run `source`; return the value of its last statement if that is an expression to show, else None."""
        name = f"<call {number}>"
        text = _text(source)
        linecache.cache[name] = (len(text), None, [line + "\n" for line in text.split("\n")], name)
        tree: Any = compile(text, name, "exec", ast.PyCF_ONLY_AST, True)
        _keep_last_value(tree, text)
        code = compile(tree, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
        names = self._names
        names.pop(_VALUE, None)
        coroutine = eval(code, names)
        if coroutine is not None:
            self._run_in_event_loop(coroutine)
        return names.pop(_VALUE, None)

    def _run_in_event_loop(self, coroutine: "types.CoroutineType[Any, Any, None]") -> None:
        asyncio = self._asyncio()
        if self._runner is None or self._runner.get_loop().is_closed():
            self._runner = asyncio.Runner()
        context = contextvars.copy_context()
        try:
            self._runner.run(coroutine, context=context)
        except KeyboardInterrupt as interrupt:
            cancelled = interrupt.__context__
            if isinstance(cancelled, asyncio.CancelledError):  # it shows where the code was
                raise interrupt.with_traceback(cancelled.__traceback__) from None
            raise
        finally:
            for variable, value in context.items():  # a task cannot run in the context of its caller
                variable.set(value)
            if coroutine.cr_frame is not None:  # it resisted, and must not continue in the next call
                coroutine.close()
                for task in asyncio.all_tasks(self._runner.get_loop()):
                    if task.get_coro() is coroutine:
                        task.add_done_callback(
                            lambda task: task.cancelled() or task.exception()
                        )  # nobody asks
                        task.cancel()

    def _asyncio(self) -> Any:
        if "asyncio" not in sys.modules:
            path, sys.path = sys.path, self._libraries.copy()
            try:
                import asyncio  # noqa: F401
            finally:
                sys.path = path
        return sys.modules["asyncio"]

    def show(self, error: BaseException) -> None:
        """Print the traceback without the frames of these files."""
        error = _without_us(error)
        self._add_note(error)
        hook = sys.excepthook
        if hook is not self._default_hook:
            try:
                hook(type(error), error, error.__traceback__)
                return
            except BaseException as second:
                display.say("Error in sys.excepthook:")
                self._print(_without_us(second))
                display.say("\nOriginal exception was:")
        self._print(error)

    def _print(self, error: BaseException) -> None:
        try:
            self._print_exception(error)
        except Exception:  # the code has broken the printing of tracebacks
            self._default_hook(type(error), error, error.__traceback__)

    def _add_note(self, error: BaseException) -> None:
        """Add to a missing module's error why it cannot be installed, and to one about a file where files are."""
        self._note(error, self._workspace)
        if not isinstance(error, ModuleNotFoundError) or not isinstance(error.name, str) or "." in error.name:
            return
        path = os.path.join(self._workspace, error.name)
        if error.name and not os.path.exists(path) and not os.path.exists(path + ".py"):
            error.add_note(
                f"{error.name} is not installed in this sandbox, and there is no network to install it from"
            )


class _Streams:
    """The three standard streams. Restores them, whatever the code did to them."""

    _KINDS = (
        ("stdin", "r", "surrogateescape"),
        ("stdout", "w", "surrogateescape"),
        ("stderr", "w", "backslashreplace"),
    )

    def __init__(self) -> None:
        self._streams: list[Any] = [sys.stdin, sys.stdout, sys.stderr]
        self._ends = [_out_of_the_way(descriptor) for descriptor in range(3)]
        self._flush_c = _flush_c

    def restore(self) -> None:
        for descriptor, end in enumerate(self._ends):
            try:
                dup2(end, descriptor)
                set_blocking(descriptor, True)
            except OSError:
                continue  # the code has closed our end too
        streams = self._streams
        for descriptor in range(3):
            if not _is_open(streams[descriptor]):
                streams[descriptor] = _stream(descriptor, *self._KINDS[descriptor])
        stdin, stdout, stderr = streams
        vars(sys).update(
            stdin=stdin, __stdin__=stdin, stdout=stdout, __stdout__=stdout, stderr=stderr, __stderr__=stderr
        )

    def flush(self) -> None:
        """Flush the streams of Python and C. An interrupt now is too late and is dropped."""
        _, stdout, stderr = self._streams
        for stream in {id(each): each for each in (sys.stdout, sys.stderr, stdout, stderr)}.values():
            try:
                if stream is not None:
                    stream.flush()
            except BaseException:
                continue
        if self._flush_c is not None:
            self._flush_c(None)


def _stream(descriptor: int, name: str, mode: str, errors: str) -> io.TextIOWrapper:
    raw = io.FileIO(descriptor, mode, closefd=False)
    raw.name = f"<{name}>"  # as CPython's create_stdio does
    binary = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    stream = io.TextIOWrapper(
        binary, encoding="utf-8", errors=errors, newline="\n", line_buffering=mode == "w"
    )
    stream.mode = mode  # type: ignore[misc]
    return stream


def _is_open(stream: Any) -> bool:
    try:
        return not stream.closed
    except ValueError:  # the stream was detached
        return False


def _out_of_the_way(descriptor: int) -> int:
    """Return a duplicate with a high number, so that code does not meet it, and that started programs do not inherit."""
    top = min(os.sysconf("SC_OPEN_MAX"), 1024)
    for lowest in (top - 8, 10):
        try:
            return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
        except OSError:
            continue
    return os.dup(descriptor)


def _text(source: bytes) -> str:
    """Return the source to compile, without a byte order mark and without common indentation."""
    text = source.decode("utf-8", "surrogatepass").removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    indent = _INDENT.match(text)
    if indent is None:
        return text
    return "\n".join(line.removeprefix(indent[1]) for line in text.split("\n"))


def _keep_last_value(tree: Any, text: str) -> None:
    """Make the last statement store its value, if it is an expression without a semicolon after it."""
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return
    if ";" in text:
        line = text.split("\n")[last.end_lineno - 1 :] if last.end_lineno else []
        behind = "\n".join(line).encode(errors="surrogatepass")[last.end_col_offset :]
        if behind.lstrip(b" \t\f\\\n").startswith(b";"):
            return
    store = ast.Assign([ast.copy_location(ast.Name(_VALUE, ast.Store()), last)], last.value)
    tree.body[-1] = ast.copy_location(store, last)


def _shorten(text: str) -> str:
    """Return the text without its middle if it is too long, and without characters that UTF-8 cannot encode."""
    if len(text) > RESULT_CHARACTERS:
        mark = f"\n... {len(text) - RESULT_CHARACTERS} characters and this line's are left out ...\n"
        half = (RESULT_CHARACTERS - len(mark)) // 2
        text = text[:half] + mark + text[-half:]
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


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


def _is_interrupt(error: BaseException) -> bool:
    """Return whether a signal raised this exception, and not the code itself."""
    last = error.__traceback__
    if not isinstance(error, KeyboardInterrupt) or last is None:
        return False
    while last.tb_next is not None:
        last = last.tb_next
    frame = last.tb_frame
    return _is_asyncio(frame) or frame.f_code.co_code[last.tb_lasti] != _RAISE


def _is_asyncio(frame: types.FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith("asyncio.")


def _without_us(error: BaseException) -> BaseException:
    """Remove the frames of these files from the traceback, and those of the event loop from its beginning."""
    kept: list[types.TracebackType] = []
    for entry in _entries(error.__traceback__):
        frame = entry.tb_frame
        is_ours = frame.f_globals is globals() or frame.f_globals is vars(display)
        if not is_ours and (kept or not _is_asyncio(frame)):
            kept.append(entry)
    for entry, following in zip(kept, [*kept[1:], None], strict=False):
        entry.tb_next = following
    return error.with_traceback(kept[0] if kept else None)


def _entries(entry: types.TracebackType | None) -> Iterator[types.TracebackType]:
    while entry is not None:
        yield entry
        entry = entry.tb_next


def _load_what_printing_loads() -> None:
    """Print an error of each kind to nowhere, so that Python loads the modules for it now and does not find them in the workspace later."""
    for source in ("len(é).x + (1).real / zero", "é = ("):
        name = f"<{source}>"
        linecache.cache[name] = (len(source), None, [source + "\n"], name)
        try:
            eval(compile(source, name, "exec"), {})
        except Exception as error:
            traceback.print_exception(error, file=io.StringIO())
        del linecache.cache[name]


_load_what_printing_loads()  # now: on import in the launcher, or before the workspace is in the path
