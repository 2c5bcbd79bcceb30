"""Frames between the host, the launcher and a jail's init: one JSON object per packet, with descriptors beside it.

It never uses pickle, because untrusted code may control the far end. A packet that is longer than FRAME_BYTES, or that is not a JSON
object, is a broken frame. The sockets are SOCK_SEQPACKET, so a frame arrives whole or not at all.
"""

import _socket
import array
import json
import os
import socket
from typing import Any

FRAME_BYTES = 65536
FRAME_DESCRIPTORS = 8

# Plain numbers instead of the socket module's flags, and only the C part of json: a jail copies every page that Python code touches.
_BESIDE_BYTES = socket.CMSG_SPACE(FRAME_DESCRIPTORS * array.array("i").itemsize)
_CLOSE_ON_EXEC, _IS_CUT = int(socket.MSG_CMSG_CLOEXEC), int(socket.MSG_CTRUNC)
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]

Frame = dict[str, Any]  # unchecked JSON: the reader checks the members that it uses


class BrokenFrame(Exception):
    """The far end sent something that is not a frame."""


def channel() -> tuple[socket.socket, socket.socket]:
    """Return a connected pair for frames."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(sock: _socket.socket, frame: Frame, descriptors: tuple[int, ...] = ()) -> None:
    """Send one frame."""
    data = json.dumps(frame).encode()
    if len(data) > FRAME_BYTES:
        raise ValueError(f"a frame of {len(data)} bytes does not fit in {FRAME_BYTES}")
    send_text(sock, data, descriptors)


def send_text(sock: _socket.socket, data: bytes, descriptors: tuple[int, ...] = ()) -> None:
    """Send one frame that is already JSON."""
    beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    sock.sendmsg([data], beside)


def receive(sock: _socket.socket) -> Frame | None:
    """Return the next frame, or None if the far end has closed. The kernel drops descriptors that were sent with it."""
    return _parse(sock.recv(FRAME_BYTES + 1))


def receive_with_descriptors(sock: _socket.socket) -> tuple[Frame | None, list[int]]:
    """Return the next frame with its descriptors. Only for a far end that has never run user code."""
    data, beside, flags, _ = sock.recvmsg(FRAME_BYTES + 1, _BESIDE_BYTES, _CLOSE_ON_EXEC)
    numbers = array.array("i")
    for level, kind, payload in beside:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(payload[: len(payload) - len(payload) % numbers.itemsize])
    descriptors = list(numbers)
    try:
        if flags & _IS_CUT:
            raise BrokenFrame("more descriptors than a frame may carry")
        return _parse(data), descriptors
    except BrokenFrame:
        for descriptor in descriptors:
            os.close(descriptor)
        raise


def _parse(data: bytes) -> Frame | None:
    if not data:
        return None
    if len(data) > FRAME_BYTES:
        raise BrokenFrame(f"a frame is longer than {FRAME_BYTES} bytes")
    try:
        text = data.decode()
        frame, end = _scan(text, 0)
    except (ValueError, RecursionError, StopIteration) as error:
        raise BrokenFrame(f"a frame is not JSON: {error}") from error
    if end != len(text):
        raise BrokenFrame("a frame is more than a JSON value")
    if not isinstance(frame, dict):
        raise BrokenFrame(f"a frame is a {type(frame).__name__}, not an object")
    return frame
