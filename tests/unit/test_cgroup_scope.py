"""What the launcher says to the service manager's bus, and that nothing on the other end can hold it up."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from plugcli.sandbox.jail import cgroup_scope

OK = b"OK 0123456789abcdef\r\n"


def message(kind: int) -> bytes:
    """Return a message without fields or body."""
    return struct.pack("<cBBBIII", b"l", kind, 0, 1, 0, 1, 0)


@contextmanager
def bus(path: Path, *answers: bytes) -> Iterator[list[bytes]]:
    """Listen as a bus does, say `answers`, and then nothing until the caller hangs up; yield what it said."""
    heard: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            for answer in answers:
                connection.sendall(answer)
            while data := connection.recv(65536):
                heard.append(data)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        server = threading.Thread(target=serve)
        server.start()
        yield heard
        server.join(10)
        assert not server.is_alive()


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param((b"REJECTED EXTERNAL\r\n",), id="not-let-in"),
        pytest.param((OK, message(2), message(3)), id="refused"),
        pytest.param((OK, message(2), message(4), message(3)), id="refused-after-a-signal"),
        pytest.param((OK, b"x" * 64), id="message-of-2-gb"),
    ],
)
def test_refusal_is_noticed_at_once(tmp_path: Path, answers: tuple[bytes, ...]) -> None:
    """`exec` must not wait where there is no systemd, or one that does not want to."""
    with bus(tmp_path / "bus", *answers) as heard:
        started = time.monotonic()
        assert not cgroup_scope.enter(str(tmp_path / "bus"))
        assert time.monotonic() - started < cgroup_scope.SECONDS / 2
    assert b"".join(heard).startswith(b"\0AUTH EXTERNAL ")


@pytest.mark.parametrize("answers", [(), (OK,), (OK + message(2),), (OK + message(2) + message(2),)])
def test_silent_bus_is_left_in_time(
    tmp_path: Path, answers: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped bus, a stopped systemd, a job that never begins: each costs the bound, and no more."""
    monkeypatch.setattr(cgroup_scope, "SECONDS", 0.3)
    with bus(tmp_path / "bus", *answers):
        started = time.monotonic()
        assert not cgroup_scope.enter(str(tmp_path / "bus"))
        assert cgroup_scope.SECONDS * 0.9 < time.monotonic() - started < cgroup_scope.SECONDS + 2


def test_missing_bus_costs_nothing(tmp_path: Path) -> None:
    """There is no socket where systemd does not run."""
    started = time.monotonic()
    assert not cgroup_scope.enter(str(tmp_path / "bus"))
    assert time.monotonic() - started < cgroup_scope.SECONDS / 2


def test_request_is_what_the_bus_understands(tmp_path: Path) -> None:
    """Lengths and alignment as the specification has them, worked out by hand. dbus-daemon hangs up on a message that is wrong."""
    data = bytearray()
    cgroup_scope._put(data, "a(sv)", [("a", ("u", 7)), ("b", ("as", ["c"]))])
    assert bytes(data) == (
        b"\x26\0\0\0\0\0\0\0"  # 38 bytes, without what aligns the first struct
        b"\x01\0\0\0a\0\x01u\0\0\0\0\x07\0\0\0"
        b"\x01\0\0\0b\0\x02as\0\0\0\x06\0\0\0\x01\0\0\0c\0"
    )
