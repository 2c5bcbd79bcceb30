"""Listening sockets, and a sentence where there can be none."""

import errno
import os
import socket

import pytest

from plugcli.errors import PlugcliError
from plugcli.serve.listen import cannot_listen, listen


def test_free_port_is_found() -> None:
    """Port 0 is how tests, and people with many plugins, start."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.port > 0
        assert listener.is_loopback
        assert listener.urls == [f"http://127.0.0.1:{listener.port}"]
        assert listener.paste == f"localhost:{listener.port}"


def test_localhost_listens_on_all_its_addresses_at_one_port() -> None:
    """Some clients take ::1 for localhost and never try 127.0.0.1."""
    with listen("localhost", 0) as listener:
        assert "127.0.0.1" in listener.addresses
        assert {each.getsockname()[1] for each in listener.sockets} == {listener.port}
        assert listener.is_loopback


def test_ipv6_is_bracketed() -> None:
    """http://::1:5003 is no address."""
    with listen("::1", 0) as listener:
        assert listener.urls == [f"http://[::1]:{listener.port}"]
        assert listener.is_loopback


def test_wildcard_is_not_loopback() -> None:
    """It lets other machines in, and that needs a token."""
    with listen("0.0.0.0", 0) as listener:
        assert not listener.is_loopback
        assert listener.paste == f"localhost:{listener.port}"


def test_every_wildcard_is_one_port() -> None:
    """`*` is 0.0.0.0 and ::, and the second takes the first's port too unless told not to."""
    with listen("*", 0) as listener:
        assert {each.getsockname()[1] for each in listener.sockets} == {listener.port}
        assert not listener.is_loopback


def test_port_in_use_names_the_way_out() -> None:
    """The most common failure of all: an old server still runs."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PlugcliError) as caught, listen("127.0.0.1", port):
            pass
    assert caught.value.exit_code == 3
    assert f"127.0.0.1:{port}" in caught.value.message
    assert f"--port {port + 1}" in caught.value.hint


@pytest.mark.parametrize(
    "host", ["no such host", "host.invalid", "999.1.1.1", "192.0.2.1", "a" * 300, "\x00", "ü" * 80]
)
def test_host_that_is_not_ours_is_a_sentence(host: str) -> None:
    """A name without address, an address of another machine, and nonsense."""
    with pytest.raises(PlugcliError) as caught, listen(host, 0):
        pass
    assert caught.value.exit_code == 3
    assert "0.0.0.0" in caught.value.hint


def test_privileged_port_is_a_sentence() -> None:
    """Root may take port 80 and so may some containers' users, so only the words are tested here."""
    error = cannot_listen(OSError(errno.EACCES, os.strerror(errno.EACCES)), "::1", 80)
    assert error.message == "this user may not listen on [::1]:80"
    assert "1024" in error.hint
