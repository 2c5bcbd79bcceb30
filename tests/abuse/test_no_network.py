"""Promise 1: no network. Refused at once, never by hanging; a loopback of the jail's own is up."""

import os

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


CALL = """
import ctypes, errno, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
def made(*arguments):
    try:
        socket.socket(*arguments).close()
        return 'made'
    except OSError as e:
        return errno.errorcode[e.errno]
"""
# An ordinary user has the network's capabilities in namespaces of its own: the strongest control there is.
AS_ROOT_OF_A_NETWORK = """
import os
if os.geteuid() != 0: libc.unshare(0x10000000 | 0x40000000)
"""
X86_64 = os.uname().machine == "x86_64"


@pytest.mark.row("G1")
@pytest.mark.row("G3")
@pytest.mark.row("G4")
@pytest.mark.parametrize(
    ("family", "address", "name", "errno"),
    [
        ("AF_INET", "10.77.0.1", "tcp4", 101),
        ("AF_INET6", "fd77::1", "tcp6", 101),
        ("AF_INET", "127.0.0.1", "tcp4", 111),
        ("AF_INET6", "::1", "tcp6", 111),
        ("AF_INET", "169.254.169.254", "tcp4", 101),
        ("AF_INET6", "fd00:ec2::254", "tcp6", 101),
    ],
)
def test_tcp_reaches_nobody(box: Box, family: str, address: str, name: str, errno: int) -> None:
    """Neither another machine, nor the host's loopback where databases and plugcli listen, nor a cloud's credentials."""
    code = f"{TRY}\nprint(attempt(socket.{family}, ({address!r}, HOST[{name!r}])))"
    control = box.outside(code)
    assert (control["stdout"], control["heard"]) == ("hello\n", [name])
    result = box.inside(code)
    kind = "ConnectionRefusedError" if errno == 111 else "OSError"
    answer = "PermissionError 1" if box.is_landlock else f"{kind} {errno}"
    assert (result["stdout"], result["heard"]) == (f"{answer} at once\n", [])


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
    answer = "PermissionError 1" if box.is_landlock else "OSError 101"
    assert (result["stdout"], result["heard"]) == (f"{answer} at once True\n", [])


@pytest.mark.row("G8")
def test_vsock_cannot_be_made(box: Box) -> None:
    """A network namespace does not cover AF_VSOCK: it reaches the host of a virtual machine."""
    code = "import socket\ntry:\n    socket.socket(40, socket.SOCK_STREAM)\n    print('made')\nexcept OSError as e:\n    print(e.errno)"
    control = box.outside(code)["stdout"]
    assert control == "made\n", "this kernel has no AF_VSOCK, so the control shows nothing"
    assert box.inside(code)["stdout"] == "97\n"


@pytest.mark.row("G10")
@pytest.mark.row("G11")
def test_unix_sockets_of_the_host_are_not_there(box: Box) -> None:
    """Abstract names belong to the network namespace, paths to the mounts: X11, D-Bus, docker.sock."""
    for address, name in (("'\\0' + HOST['abstract']", "abstract"), ("HOST['path']", "path")):
        code = f"{TRY}\nprint(attempt(socket.AF_UNIX, {address}))"
        control = box.outside(code)
        assert (control["stdout"], control["heard"]) == ("hello\n", [name])
        result = box.inside(code)
        assert result["heard"] == []
        refusals = (
            ("PermissionError",) if box.is_landlock else ("ConnectionRefusedError", "FileNotFoundError")
        )
        assert result["stdout"].startswith(refusals)


@pytest.mark.row("G5")
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


@pytest.mark.row("G5")
def test_managers_and_event_loops_work_over_the_loopback_inside(box: Box) -> None:
    """What programs build on localhost: a manager of multiprocessing, a server of asyncio, datagrams, both families."""
    code = """
import asyncio, socket
from multiprocessing.managers import BaseManager
class Manager(BaseManager): pass
Manager.register('numbers', callable=lambda: [6, 7])
if __name__ == '__main__':
    with Manager(address=('localhost', 0), authkey=b'key') as manager: print(manager.numbers().pop())
    async def main():
        async def answer(reader, writer):
            writer.write((await reader.readline()).upper())
            writer.close()
        for host in ('127.0.0.1', '::1'):
            server = await asyncio.start_server(answer, host, 0)
            reader, writer = await asyncio.open_connection(host, server.sockets[0].getsockname()[1])
            writer.write(b'hello\\n')
            print(await reader.read())
    asyncio.run(main())
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as other:
        one.bind(('127.0.0.1', 0))
        other.sendto(b'datagram', one.getsockname())
        print(one.recv(20))
"""
    expected = "7\nb'HELLO\\n'\nb'HELLO\\n'\nb'datagram'\n"
    assert box.outside(code, with_facts=False)["stdout"] == expected
    result = box.inside(code, with_facts=False)
    assert (result["stdout"], result["stderr"]) == (expected, "")


@pytest.mark.row("G6")
def test_raw_sockets_cannot_be_made(box: Box) -> None:
    """Forged packets, sniffing and pings: not by capability alone, the filter knows the kinds."""
    code = f"""{CALL}{{}}
for family in (socket.AF_INET, socket.AF_INET6):
    print(*[made(family, socket.SOCK_RAW, protocol) for protocol in (1, 58, 255, 6, 17)])
print(made(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP), made(socket.AF_INET6, socket.SOCK_DGRAM, 58))
print(made(17, socket.SOCK_RAW, 0x0300), made(17, socket.SOCK_DGRAM, 0x0300), made(17, 10, 0))
"""
    if not box.is_landlock or box.who == "root":  # the box takes the namespace of the control away, too
        control = box.outside(code.format(AS_ROOT_OF_A_NETWORK))["stdout"].split()
        assert control[:10] == ["made"] * 10
        assert control[12:14] == ["made"] * 2
    pings = box.outside(code.format(""))["stdout"].split()[10:12]
    assert pings == ["made"] * 2
    seen = box.inside(code.format(""))["stdout"].split()
    if box.is_landlock:
        assert set(seen[:12]) <= {"EPERM", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT"}
        assert set(seen[12:]) <= {"EPERM", "EAFNOSUPPORT"}
        return
    assert set(seen[:12]) <= {"EPROTONOSUPPORT", "ESOCKTNOSUPPORT"}
    assert seen[12:] == ["EAFNOSUPPORT"] * 3


@pytest.mark.row("G7")
def test_netlink_cannot_be_made(box: Box) -> None:
    """It tells of routes, interfaces and sockets, and is a wide door into the kernel."""
    code = """
import socket, struct
for protocol in (0, 4, 9, 15, 16):  # route, socket diagnosis, audit, device events, generic
    try:
        s = socket.socket(16, socket.SOCK_RAW, protocol)
        if protocol == 0:
            s.send(struct.pack('IHHIIBxxx', 20, 18, 0x301, 1, 0, 0))  # RTM_GETLINK
            print(len(s.recv(65536)) > 100)
        else: print('made')
    except OSError as e: print(e.errno)
"""
    assert box.outside(code)["stdout"].split()[:2] == ["True", "made"]
    assert box.inside(code)["stdout"].split() == ["97"] * 5


@pytest.mark.row("G9")
def test_only_three_families_of_sockets_can_be_made(box: Box) -> None:
    """An allow list: AF_ALG, AF_XDP, AF_TIPC, AF_BLUETOOTH and whatever the kernel gets next. Which exist outside is the kernel's build."""
    code = f"""{CALL}
for family in range(64):
    answers = {{made(family, kind, 0) for kind in (1, 2, 3, 5)}}
    if answers != {{'EAFNOSUPPORT'}}: print(family, end=' ')
print(made(1 << 30, 1, 0), made(255, 1, 0))
"""
    control = box.outside(code)["stdout"].split()
    assert {"1", "2", "10", "16", "17", "44"} <= set(control)  # unix, inet, inet6, netlink, packet, xdp
    assert box.inside(code)["stdout"].split() == ["1", "2", "10", "EAFNOSUPPORT", "EAFNOSUPPORT"]


@pytest.mark.row("G13")
def test_every_way_to_send_ends_at_once(box: Box) -> None:
    """sendto and sendmmsg carry an address past a filter of connect, fast open is a connect by sendto, MPTCP and SCTP are not TCP."""
    number = 307 if X86_64 else 269
    code = f"""{CALL}
import time
address = ('10.77.0.1', HOST['udp4'])
def attempt(what):
    started = time.monotonic()
    try: answer = what() or 'sent'
    except OSError as e: answer = errno.errorcode[e.errno]
    return answer if time.monotonic() - started < 1 else 'slow'
udp = socket.socket(type=socket.SOCK_DGRAM)
print(attempt(lambda: udp.sendto(b'x', address) and None), attempt(lambda: udp.sendmsg([b'x'], [], 0, address) and None))
raw = struct.pack('!HH', 0, address[1])[2:]
name = ctypes.create_string_buffer(struct.pack('H', 2) + raw + socket.inet_aton(address[0]) + bytes(8))
data = ctypes.create_string_buffer(b'x')
vector = ctypes.create_string_buffer(struct.pack('QQ', ctypes.addressof(data), 1))
pointers = ctypes.addressof(name), 16, ctypes.addressof(vector)
message = ctypes.create_string_buffer(struct.pack('QIxxxxQQQQiIi4x', *pointers, 1, 0, 0, 0, 0, 0))
def sendmmsg():
    if libc.syscall({number}, udp.fileno(), message, 1, 0) != 1: raise OSError(ctypes.get_errno(), '')
print(attempt(sendmmsg))
tcp = socket.socket()
print(attempt(lambda: tcp.sendto(b'x', 0x20000000, ('10.77.0.1', HOST['tcp4'])) and None))
print(*[made(f, k, p) for f in (2, 10) for k, p in ((1, 262), (1, 132), (5, 132), (5, 0), (6, 33), (6, 0), (2, 136))], flush=True)
time.sleep(0.3)
"""
    control = box.outside(code)
    assert control["stdout"].split()[:5] == ["sent"] * 4 + ["made"], (
        control
    )  # the last is MPTCP; this kernel may lack SCTP and DCCP
    assert sorted(control["heard"]) == ["tcp4", "udp4", "udp4", "udp4"]
    result = box.inside(code)
    if box.is_landlock:
        assert result["stderr"].endswith(
            "PermissionError: [Errno 1] Operation not permitted\n"
        )  # there is nothing to send with
        assert result["heard"] == []
        return
    seen = result["stdout"].split()
    assert seen[:4] == ["ENETUNREACH"] * 4, result
    assert set(seen[4:]) <= {"EPROTONOSUPPORT", "ESOCKTNOSUPPORT"}
    assert result["heard"] == []


LISTEN = """
import os, socket, sys, time
servers = [socket.create_server(('', 5999)), socket.create_server(('::', 5999), family=socket.AF_INET6)]
unix = socket.socket(socket.AF_UNIX)
unix.bind(chr(0) + 'plugcli-abuse-listens')
unix.listen()
print('listening', flush=True)
time.sleep(1)
"""


@pytest.mark.row("G14")
def test_nobody_reaches_what_the_code_listens_on(box: Box) -> None:
    """A server inside is for the code itself: others would talk to what they take for the user's."""
    done = box.host(f"""
import socket
CODE = {LISTEN!r}
def knock():
    for family, address in ((2, ('127.0.0.1', 5999)), (2, ('10.77.0.1', 5999)), (10, ('::1', 5999)), (1, chr(0) + 'plugcli-abuse-listens')):
        with socket.socket(family) as s:
            s.settimeout(1)
            yield s.connect_ex(address)
with subprocess.Popen([sys.executable, '-c', CODE], stdout=subprocess.PIPE) as outside:
    outside.stdout.readline()
    print(*knock())
    outside.kill()
async def main():
    async with Sandbox(SMALL) as sandbox:
        answers = []
        result = await sandbox.run(CODE, on_output=lambda stream, data: answers.extend(knock()))
        print(*answers, result.outcome)
asyncio.run(main())
""")
    assert done["stdout"] == f"0 0 0 0\n111 111 111 111 {'error' if box.is_landlock else 'ok'}\n"


ASK = """
import os, time, urllib.request
started = time.monotonic()
try: urllib.request.urlopen('http://plugcli.test/', timeout=5)
except Exception as e: print(type(e).__name__, time.monotonic() - started < 1, end=' ')
print([name for name, value in os.environ.items() if 'password' in value])
"""


@pytest.mark.row("G15")
def test_proxies_of_the_host_are_not_inherited(box: Box) -> None:
    """Their addresses and passwords are the host's, and code that obeys them hangs."""
    program = f"""
for name in ('http_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'PIP_INDEX_URL', 'REQUESTS_CA_BUNDLE', 'SSLKEYLOGFILE'):
    os.environ[name] = f'http://user:password@127.0.0.1:{{HOST["tcp4"]}}/'
CODE = {ASK!r}
"""
    control = box.host(f"{program}\nsubprocess.run([sys.executable, '-c', CODE])")
    assert control["heard"] == ["tcp4"]
    assert "HTTP_PROXY" in control["stdout"]
    inside = box.host(f"""{program}
async def main():
    async with Sandbox(SMALL) as sandbox: print((await sandbox.run(CODE)).stdout, end='')
asyncio.run(main())
""")
    assert (inside["stdout"], inside["heard"]) == ("URLError True []\n", [])


@pytest.mark.row("G15")
def test_installing_a_package_fails_at_once_with_the_reason(box: Box) -> None:
    """A model's first idea when an import fails. Five retries took eight seconds, and a certificate file got the blame."""
    code = """
import glob, importlib.util, subprocess, sys
wheel = [] if importlib.util.find_spec('pip') else glob.glob('/usr/share/python-wheels/pip-*.whl')
pip = [wheel[0] + '/pip'] if wheel else ['-m', 'pip']
command = [sys.executable, *pip, 'install', '--index-url', 'https://plugcli.test/simple/', 'x']
done = subprocess.run(command, capture_output=True, text=True)
reasons = 'Failed to establish a new connection', 'Failed to resolve'  # older and newer versions of pip
print(done.returncode, any(reason in done.stderr for reason in reasons), 'ertificate' in done.stderr)
print(done.stderr, file=sys.stderr)
"""
    # No control: outside it would ask a real network for a name.
    result = box.inside(code)
    assert result["stdout"] == "1 True False\n", result["stderr"]
    assert result["seconds"] < 4
