"""The calls of a session: what the host and the session's interpreter send each other, one call after another.

The interpreter runs the code and itself reports how a call went: it can lie about that, but about nothing else. What it sends is capped and
checked; anything but an answer to the running call ends the session.
"""

import asyncio
import json
import re
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]

from plugcli.sandbox import gate
from plugcli.sandbox.aside import Aside, computed
from plugcli.sandbox.handle import Capture, Ending, Jail, Output

_REPLY_BYTES = 4 * 1024 * 1024  # the same as the interpreter's FRAME_BYTES
_LONG_BYTES = 16 * 1024  # a longer reply takes longer to read than to hand to a thread
_LENGTH_BYTES = 4
_CHUNK = 65536
_RESULT_CHARACTERS = 110_000  # the interpreter cuts at 100,000 and adds a mark
_DISPLAYS = 32
_TEXT_CHARACTERS = 64 * 1024  # of a display; the interpreter counts bytes
_BACKGROUND_BYTES = 64 * 1024
_INTERRUPT_SECONDS = (0.5, 1.0)  # how long each SIGINT is given, before the next and before the end
_SWEEP_SECONDS = 2.0
_OPENING_SECONDS = 10.0
_END_SECONDS = 0.5


@dataclass(frozen=True)
class Reply:
    """How a call went, as the session's interpreter reports it."""

    status: int
    """0 to 255, as the exit status of a program."""
    result: str | None
    """Text of the last expression."""
    displays: tuple[dict[str, str], ...]
    """{mime, text} or {mime, file}, the name of a file in the workspace."""


@dataclass(frozen=True)
class CallEnd:
    """How a call ended: with a reply, or with the end of the interpreter."""

    reply: Reply | None
    ending: Ending | None
    """Set when the interpreter has ended, or cannot be trusted any longer."""
    is_timeout: bool = False
    is_broken: bool = False
    """Whether the interpreter sent something that is not a reply."""


class BrokenReply(Exception):
    """The interpreter sent something that is not a reply to the running call."""


class Talk:
    """The conversation with the interpreter of one jail, which belongs to a session from now on."""

    def __init__(self, jail: Jail, import_from: str, aside: Aside) -> None:
        self.jail = jail
        self._aside = aside
        self._number = -1
        self._received = bytearray()
        self._reply: Reply | None = None
        self._long_frame: bytes | None = None  # a reply that a thread reads
        self._is_running = False
        self.is_broken = False
        self._background = Capture.up_to(_BACKGROUND_BYTES)
        jail.close_stdin()
        jail.listen(self._background)
        jail.give(json.dumps({"session": True, "import_from": import_from}).encode() + b"\n")
        jail.hear_door(self._hear)

    @classmethod
    async def open(cls, jail: Jail, import_from: str, aside: Aside) -> "Talk":
        """Return the conversation after a call that does nothing, so that no real call bears the cost of the first one."""
        talk = cls(jail, import_from, aside)
        await talk.call(b"", wall_seconds=_OPENING_SECONDS, capture=Capture.up_to(0))
        return talk

    @property
    def is_over(self) -> bool:
        """Whether the interpreter has ended, or can no longer be used."""
        return self.jail.ending is not None or self.is_broken

    def hear_early(self) -> None:
        """Read anything that the interpreter sent between calls, before it could pass for an answer. It ends the conversation."""
        if not self.is_over:
            self._hear()
        if self._received and not self.is_over:  # the rest of it would come while the call runs
            self.jail.hear_door(None)
            self.is_broken = True

    async def call(self, source: bytes, *, wall_seconds: float, capture: Capture) -> CallEnd:
        """Run `source` and return how that went. A call that takes too long is interrupted; if that fails, the whole jail is ended.

        Raises what `capture` raises. Whoever cancels a call must `quiet` the session before the next one.
        """
        jail = self.jail
        self._number += 1
        self._reply = self._long_frame = None
        self._take_background(capture)
        jail.capture = capture
        self._is_running = True
        header = b'{"call": %d, "source_bytes": %d}\n' % (self._number, len(source))
        is_timeout = False
        try:
            if not jail.give(header + source):
                async with asyncio.timeout(
                    wall_seconds
                ):  # code of an earlier call may have stopped the interpreter
                    await jail.give_rest()
            if not self._is_settled:
                await jail.wait(wall_seconds)
            await self._read_long_frame()
        except TimeoutError:
            pass
        if not self._is_settled:
            is_timeout = True
            await self.quiet()
        self._end_call()
        if self.is_over:
            return CallEnd(None, jail.ending, is_timeout, self.is_broken)
        return CallEnd(self._reply, None, is_timeout)

    async def quiet(self) -> None:
        """Stop the running call: by SIGINT, which keeps the variables, or by ending the jail. Its other processes end in any case."""
        for seconds in _INTERRUPT_SECONDS:
            if not self._is_settled:
                self.jail.interrupt()
                await self.jail.wait(seconds)
        await self._read_long_frame()
        if not self.is_over and (self._reply is None or not await self.jail.sweep(_SWEEP_SECONDS)):
            self.is_broken = True
        self._end_call()

    @property
    def _is_settled(self) -> bool:
        return self._reply is not None or self._long_frame is not None or self.is_over

    def _end_call(self) -> None:
        """Keep output that comes from now on out of the call's answer."""
        if self._is_running:
            self.jail.drain()
            self._is_running = False
            self.jail.capture = self._background

    def _take_background(self, capture: Capture) -> None:
        """Begin a call's output with what the session's threads and processes printed since the last."""
        self.jail.drain()
        for name in ("stdout", "stderr"):
            output: Output = getattr(self._background, name)
            if output.kept:
                text = bytes(output.kept)
                lost = f", {output.left_out} more bytes left out" if output.left_out else ""
                mark = f"[printed since the last call, by what it had started{lost}]\n".encode()
                end = b"" if text.endswith(b"\n") else b"\n"
                capture.take(name, mark + text + end + b"[this call]\n")
                output.kept.clear()
                output.left_out = 0

    def _hear(self) -> None:
        """Read what the interpreter has sent."""
        try:
            data = self.jail.door.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._received += data
        try:
            if not data:
                raise BrokenReply
            if (frame := self._whole_frame()) is None:
                return
            if not self._is_running or self._reply is not None or self._long_frame is not None:
                raise BrokenReply
            if len(frame) > _LONG_BYTES:
                self._long_frame = frame
            else:
                self._reply = parse_reply(frame, self._number)
        except BrokenReply:
            self.jail.hear_door(None)
            if not data:  # the init will soon report its end, or else the code has closed the door
                self.jail.call_later(_END_SECONDS, self._break)
                return
            self.is_broken = True
        self.jail.wake()

    async def _read_long_frame(self) -> None:
        """Read the reply that was too long to be read as it came."""
        if self._long_frame is None:
            return
        try:
            self._reply = await self._aside.do(computed, parse_reply, self._long_frame, self._number)
        except BrokenReply:
            self.jail.hear_door(None)
            self.is_broken = True
        self._long_frame = None

    def _break(self) -> None:
        self.is_broken = self.jail.ending is None
        self.jail.wake()

    def _whole_frame(self) -> bytes | None:
        """Return the frame that has arrived, None while it is not all there. Raises BrokenReply for more than a frame may be."""
        if len(self._received) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(self._received[:_LENGTH_BYTES], "little")
        end = _LENGTH_BYTES + length
        if length > _REPLY_BYTES or len(self._received) > end:
            raise BrokenReply
        if len(self._received) < end:
            return None
        frame = bytes(self._received[_LENGTH_BYTES:end])
        self._received.clear()
        return frame


_HEAD = re.compile(
    r'\{"call": (0|[1-9][0-9]{0,8}), "status": ([0-9]{1,3}), "interrupted": (?:true|false), "result": (null|")'
)
_DISPLAYS_BEGIN = re.compile(r', "displays": \[')
_DISPLAY_BEGIN = re.compile(r'\{"mime": "')
_DISPLAY_MIDDLE = re.compile(r', "(text|file)": "')
_DISPLAY_END = re.compile(r"\}(?:, (?=\{)|(?=\]))")
_END = re.compile(r"\]\}\Z")


def parse_reply(data: bytes, number: int) -> Reply:
    """Return the reply to call `number` in `data`. Raises BrokenReply when it is not a valid reply.

    Only the form that the interpreter writes is accepted, not any JSON: nothing nests, no key occurs twice, and numbers are short.
    """
    try:
        reader = _Reader(data.decode())
        call, status, kind = reader.take(_HEAD)
        result = reader.string(_RESULT_CHARACTERS) if kind == '"' else None
        reader.take(_DISPLAYS_BEGIN)
        displays: list[dict[str, str]] = []
        while len(displays) < _DISPLAYS and not reader.is_at(_END):
            displays.append(_display(reader))
        reader.take(_END)
    except ValueError:
        raise BrokenReply from None
    if int(call) != number or int(status) > 255:
        raise BrokenReply
    return Reply(int(status), None if result is None else gate.text(result), tuple(displays))


def _display(reader: "_Reader") -> dict[str, str]:
    reader.take(_DISPLAY_BEGIN)
    mime = reader.string(gate.MIME_CHARACTERS)
    (kind,) = reader.take(_DISPLAY_MIDDLE)
    value = reader.string(_TEXT_CHARACTERS)
    reader.take(_DISPLAY_END)
    valid = gate.text(value)
    # The interpreter names its pictures itself, and never with lone surrogates.
    if not gate.is_mime(mime) or (kind == "file" and not (gate.is_file_name(value) and valid == value)):
        raise BrokenReply
    return {"mime": mime, kind: valid}


class _Reader:
    """Reads a text from its start. Raises ValueError when the expected part is not there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def is_at(self, pattern: re.Pattern[str]) -> bool:
        return pattern.match(self._text, self._at) is not None

    def take(self, pattern: re.Pattern[str]) -> tuple[str, ...]:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError
        self._at = found.end()
        return found.groups()

    def string(self, longest: int) -> str:
        """Return the JSON string that begins here."""
        value, self._at = scanstring(self._text, self._at)
        if len(value) > longest:
            raise ValueError
        return str(value)
