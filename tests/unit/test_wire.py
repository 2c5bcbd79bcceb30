"""Frames: what the host does with bytes that are none."""

import json
import os
import socket
from pathlib import Path

import pytest

from plugcli.sandbox.jail import wire


def test_frame_arrives_whole_with_its_descriptors() -> None:
    """Descriptors travel beside the JSON, and are ours alone."""
    here, there = wire.channel()
    with here, there:
        wire.send(here, {"a": [1, "x"]}, (0, 1))
        frame, descriptors = wire.receive_with_descriptors(there)
        assert frame == {"a": [1, "x"]}
        assert [os.get_inheritable(descriptor) for descriptor in descriptors] == [False, False]
        for descriptor in descriptors:
            os.close(descriptor)


def test_closed_channel_is_none() -> None:
    """The far end is gone: no error, no frame."""
    here, there = wire.channel()
    with there:
        here.close()
        assert wire.receive(there) is None


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"[1]",
        b"null",
        b'{"a": ',
        b"\xff\xfe",
        b"[" * 60000,
        b'{"a": "' + b"x" * wire.FRAME_BYTES + b'"}',
        json.dumps({"a": 1}).encode() + b"\0",
    ],
    ids=["text", "list", "null", "cut", "bytes", "deep", "long", "nul"],
)
def test_broken_frame_is_refused(data: bytes) -> None:
    """Hostile bytes end the one who sent them, never the one who reads."""
    here, there = wire.channel()
    with here, there:
        here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        here.send(data)
        with pytest.raises(wire.BrokenFrame):
            wire.receive(there)


@pytest.mark.parametrize("room", [0, 1], ids=["exactly", "one less"])
def test_longest_frame_arrives_whole(room: int) -> None:
    """What `send` lets through, `receive` takes."""
    frame = {"a": "x" * (wire.FRAME_BYTES - len('{"a": ""}') - room)}
    assert len(json.dumps(frame)) == wire.FRAME_BYTES - room
    here, there = wire.channel()
    with here, there:
        wire.send(here, frame)
        assert wire.receive(there) == frame


def test_frame_one_byte_too_long_is_not_sent() -> None:
    """The far end would take it for a broken one, and end."""
    here, there = wire.channel()
    with here, there, pytest.raises(ValueError, match="does not fit"):
        wire.send(here, {"a": "x" * (wire.FRAME_BYTES - len('{"a": ""}') + 1)})


def test_descriptors_of_a_broken_frame_are_closed() -> None:
    """Or the far end could use up ours."""
    here, there = wire.channel()
    with here, there:
        before = open_descriptors()
        socket.send_fds(here, [b"x"], [0, 1, 2])
        with pytest.raises(wire.BrokenFrame):
            wire.receive_with_descriptors(there)
        assert open_descriptors() == before


def test_too_large_frame_is_not_sent() -> None:
    """The far end would refuse it."""
    here, there = wire.channel()
    with here, there, pytest.raises(ValueError, match="does not fit"):
        wire.send(here, {"a": "x" * wire.FRAME_BYTES})


def open_descriptors() -> int:
    """Return how many descriptors this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
