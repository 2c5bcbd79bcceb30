"""Promise 1: no network. Refused at once, never by hanging; a loopback of the jail's own is up."""

import pytest

from tests.abuse.box import Box

TRY = """
import socket, time
def attempt(family, address, kind=socket.SOCK_STREAM):
    started = time.monotonic()
    try:
        with socket.socket(family, kind) as s:
            s.settimeout(20)
            if kind == socket.SOCK_DGRAM:
                s.sendto(b'hello', address)
                return 'sent'
            s.connect(address)
            return s.recv(5).decode()
    except OSError as e:
        return f'{type(e).__name__} {e.errno} {"at once" if time.monotonic() - started < 1 else "slowly"}'
"""


@pytest.mark.row("G1")
@pytest.mark.row("G4")
@pytest.mark.parametrize(
    ("family", "address", "name", "errno"),
    [
        ("AF_INET", "10.77.0.1", "tcp4", 101),
        ("AF_INET6", "fd77::1", "tcp6", 101),
        ("AF_INET", "127.0.0.1", "tcp4", 111),
        ("AF_INET6", "::1", "tcp6", 111),
    ],
)
def test_tcp_reaches_nobody(box: Box, family: str, address: str, name: str, errno: int) -> None:
    """Neither another machine nor the host's own loopback, where databases and plugcli itself listen."""
    code = f"{TRY}\nprint(attempt(socket.{family}, ({address!r}, HOST[{name!r}])))"
    control = box.outside(code)
    assert (control["stdout"], control["heard"]) == ("hello\n", [name])
    result = box.inside(code)
    kind = "ConnectionRefusedError" if errno == 111 else "OSError"
    assert (result["stdout"], result["heard"]) == (f"{kind} {errno} at once\n", [])


@pytest.mark.row("G2")
def test_datagrams_and_names_reach_nobody(box: Box) -> None:
    """DNS is UDP: a name cannot carry data out, and looking one up fails at once."""
    code = f"{TRY}\nprint(attempt(socket.AF_INET, ('10.77.0.1', HOST['udp4']), socket.SOCK_DGRAM), end=' ', flush=True)\ntime.sleep(0.3)\n"
    control = box.outside(code)
    assert (control["stdout"], control["heard"]) == ("sent ", ["udp4"])
    lookup = """
started = time.monotonic()
try:
    socket.getaddrinfo('plugcli.test', 80)
except socket.gaierror:
    print(time.monotonic() - started < 1)
"""
    result = box.inside(code + lookup)
    assert (result["stdout"], result["heard"]) == ("OSError 101 at once True\n", [])


@pytest.mark.row("G8")
def test_vsock_cannot_be_made(box: Box) -> None:
    """A network namespace does not cover AF_VSOCK: it reaches the host of a virtual machine."""
    code = "import socket\ntry:\n    socket.socket(40, socket.SOCK_STREAM)\n    print('made')\nexcept OSError as e:\n    print(e.errno)"
    control = box.outside(code)["stdout"]
    assert control == "made\n", "this kernel has no AF_VSOCK, so the control shows nothing"
    assert box.inside(code)["stdout"] == "97\n"


@pytest.mark.row("G10")
def test_unix_sockets_of_the_host_are_not_there(box: Box) -> None:
    """Abstract names belong to the network namespace, paths to the mounts: X11, D-Bus, docker.sock."""
    for address, name in (("'\\0' + HOST['abstract']", "abstract"), ("HOST['path']", "path")):
        code = f"{TRY}\nprint(attempt(socket.AF_UNIX, {address}))"
        control = box.outside(code)
        assert (control["stdout"], control["heard"]) == ("hello\n", [name])
        result = box.inside(code)
        assert result["heard"] == []
        assert result["stdout"].startswith(("ConnectionRefusedError", "FileNotFoundError"))


def test_loopback_inside_works(box: Box) -> None:
    """Honest code talks to itself: multiprocessing managers, asyncio servers, test suites."""
    code = """
import socket
server = socket.create_server(('localhost', 0))
client = socket.create_connection(('localhost', server.getsockname()[1]))
server.accept()[0].sendall(b'hello')
print(client.recv(5))
"""
    assert box.inside(code)["stdout"] == "b'hello'\n"
