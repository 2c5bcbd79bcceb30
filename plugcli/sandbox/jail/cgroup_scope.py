"""Asks systemd for a cgroup that the launcher may divide: a transient scope with delegated controllers.

It speaks D-Bus to the manager of the user, or of the system for root, in one exchange: StartTransientUnit of org.freedesktop.systemd1. This
takes milliseconds, and needs no other program; systemd-run would be one more process to start, to watch and to be without. The scope ends
with its last process. See https://dbus.freedesktop.org/doc/dbus-specification.html and org.freedesktop.systemd1(5).
"""

import os
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

SECONDS = 5.0
"""The longest that `enter` takes. A user's bus starts when it is first asked, which takes two seconds in an emulated machine."""

_PREFIX, _SUFFIX = "plugcli-", ".scope"
_CPU_WEIGHT = 50  # of the launcher with all its jails; any other unit has 100
_CONTROLLERS = ("cpu", "memory", "pids")
_PAUSE_SECONDS = 0.001
_METHOD_CALL, _METHOD_RETURN, _ERROR = 1, 2, 3
_NO_AUTO_START = 2  # where systemd does not run, the answer comes at once
_LONGEST_BYTES = 1 << 20


def enter(bus: str) -> bool:
    """Move this process into a new scope; return whether it is there. `bus` is the path of the socket of the manager's bus."""
    deadline = time.monotonic() + SECONDS
    name = f"{_PREFIX}{os.urandom(10).hex()}{_SUFFIX}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(SECONDS)
            channel.connect(bus)
            channel.sendall(_greeting() + _request(name))
            if not _is_granted(channel, deadline):
                return False
            while not own_cgroup().endswith(f"/{name}"):  # the answer comes when the job begins
                if time.monotonic() > deadline:
                    return False
                time.sleep(_PAUSE_SECONDS)
    except (OSError, EOFError, struct.error):
        return False
    return True


def is_ours(unit: str) -> bool:
    """Whether the folder of a unit is that of a scope that we asked for."""
    name = os.path.basename(unit)
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def own_cgroup() -> str:
    """Return the path of our own cgroup of version 2; empty if there is none."""
    with open("/proc/self/cgroup") as file:
        return next((line.rstrip("\n")[3:] for line in file if line.startswith("0::")), "")


def _greeting() -> bytes:
    """Return what begins a connection. It needs no answer before the request follows."""
    uid = str(os.geteuid()).encode().hex()
    hello = _call(1, "/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus", "Hello")
    return f"\0AUTH EXTERNAL {uid}\r\nBEGIN\r\n".encode() + hello


def _request(name: str) -> bytes:
    properties = [
        ("Description", ("s", "the sandbox of plugcli")),
        ("PIDs", ("au", [0])),  # who asks, also from another pid namespace
        ("DelegateControllers", ("as", _CONTROLLERS)),
        ("CPUWeight", ("t", _CPU_WEIGHT)),
        ("CollectMode", ("s", "inactive-or-failed")),
    ]
    return _call(
        2,
        "/org/freedesktop/systemd1",
        "org.freedesktop.systemd1",
        "org.freedesktop.systemd1.Manager",
        "StartTransientUnit",
        "ssa(sv)a(sa(sv))",
        (name, "fail", properties, []),
    )


def _call(
    serial: int,
    path: str,
    destination: str,
    interface: str,
    member: str,
    signature: str = "",
    arguments: Sequence[object] = (),
) -> bytes:
    """Return the message that calls a method."""
    body = bytearray()
    _put_all(body, signature, arguments)
    fields = [(1, ("o", path)), (2, ("s", interface)), (3, ("s", member)), (6, ("s", destination))]
    if signature:
        fields.append((8, ("g", signature)))
    header = bytearray(struct.pack("<cBBBII", b"l", _METHOD_CALL, _NO_AUTO_START, 1, len(body), serial))
    _put(header, "a(yv)", fields)
    _align(header, 8)
    return bytes(header + body)


def _put_all(data: bytearray, signature: str, values: Any) -> None:
    for value in values:
        kind = signature[: _length(signature)]
        _put(data, kind, value)
        signature = signature[len(kind) :]


def _put(data: bytearray, kind: str, value: Any) -> None:
    """Append a value of that type, which is one of those that we need. An array's length does not count what aligns its first item."""
    if kind == "y":
        data.append(value)
    elif kind in "ut":
        size = 4 if kind == "u" else 8
        _align(data, size)
        data += value.to_bytes(size, "little")
    elif kind in "so":
        _put(data, "u", len(value))
        data += value.encode() + b"\0"
    elif kind == "g":
        data += bytes([len(value)]) + value.encode() + b"\0"
    elif kind == "v":
        _put(data, "g", value[0])
        _put(data, *value)
    elif kind[0] == "(":
        _align(data, 8)
        _put_all(data, kind[1:-1], value)
    else:  # an array
        _put(data, "u", 0)
        length_at = len(data) - 4
        _align(data, 8 if kind[1] == "(" else 4)
        start = len(data)
        for each in value:
            _put(data, kind[1:], each)
        data[length_at : length_at + 4] = (len(data) - start).to_bytes(4, "little")


def _align(data: bytearray, size: int) -> None:
    data += bytes(-len(data) % size)


def _length(signature: str) -> int:
    """Return the length of the first type in a signature."""
    if signature[0] == "a":
        return 1 + _length(signature[1:])
    if signature[0] != "(":
        return 1
    depth = 0
    for at, letter in enumerate(signature):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if not depth:
            return at + 1
    raise ValueError(f"{signature} does not end")


def _is_granted(channel: socket.socket, deadline: float) -> bool:
    """Whether both calls, of which the first gives us a name on the bus, are answered without an error. Raises OSError or EOFError."""
    received = bytearray()
    while b"\r\n" not in received:
        _receive(channel, received, deadline)
    line, _, rest = bytes(received).partition(b"\r\n")
    if not line.startswith(b"OK "):
        return False
    received = bytearray(rest)
    returned = 0
    while returned < 2:
        while len(received) < 16 or len(received) < _message_bytes(received):
            _receive(channel, received, deadline)
        if received[1] == _ERROR:
            return False
        returned += received[1] == _METHOD_RETURN  # the bus also sends signals
        del received[: _message_bytes(received)]
    return True


def _message_bytes(start: bytearray) -> int:
    """Return the length of the message that begins like this. Raises EOFError if nobody would send that."""
    order = "<" if start[:1] == b"l" else ">"
    body, _, fields = struct.unpack_from(f"{order}III", start, 4)
    length = 16 + -(-int(fields) // 8) * 8 + int(body)
    if length > _LONGEST_BYTES:
        raise EOFError("a message is too long")
    return length


def _receive(channel: socket.socket, received: bytearray, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    channel.settimeout(left)
    data = channel.recv(65536)
    if not data:
        raise EOFError
    received += data
