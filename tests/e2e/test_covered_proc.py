"""The sandbox where parts of /proc are covered, as in a container: no user namespace there can mount a /proc of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can cover a part of /proc")

# As podman does it: an empty file, an empty folder, and a /proc/sys that is read-only.
COVER = """
mount --make-rprivate /
mount --bind /dev/null /proc/keys
mount -t tmpfs -o ro tmpfs /proc/acpi
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
exec "$@"
"""
BECOME = {
    "root": ["setpriv", "--bounding-set=-sys_admin"],
    "user": ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"],
}
WITHOUT = """
import os, sys
from plugcli.sandbox.jail import libc, seccomp
libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
libc.make([libc.seccomp_filter_call(seccomp.compiled(os.uname().machine, [seccomp.Deny(1, sys.argv[1])]))])
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""
"""Starts Python without the call in its first argument."""
SECRET = "a-token-among-the-arguments"


def beginning(who: str) -> list[str]:
    """Return how a command begins that runs where /proc is covered, as root of a container or as an ordinary user."""
    return ["unshare", "--mount", "sh", "-c", COVER, "sh", *BECOME[who], "env", "HOME=/tmp", sys.executable]


@pytest.fixture(params=BECOME)
def start(request: pytest.FixtureRequest) -> list[str]:
    """Begin commands as both."""
    return beginning(request.param)


@pytest.fixture
def secret(start: list[str]) -> Iterator[None]:
    """A process of the same user that has a secret in its command line."""
    sleep = [*start[:-1], "sh", "-c", f"echo; read {SECRET.replace('-', '_')}", SECRET]
    with subprocess.Popen(sleep, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.communicate()


def run(start: list[str], *arguments: str, code: str = "") -> "subprocess.CompletedProcess[str]":
    """Run Python with these arguments where /proc is covered, and `code` as its input."""
    command = [*start, *arguments]
    return subprocess.run(command, input=code, capture_output=True, text=True, timeout=100, check=False)


def execute(start: list[str], code: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run `code` by `exec` there."""
    return run(start, "-m", "plugcli", "exec", *options, "-", code=code)


SCAN = f"""
import glob, os
read = set()
for path in glob.glob('/proc/[0-9]*/*') + glob.glob('/proc/[0-9]*/task/*/*') + glob.glob('/proc/*') + glob.glob('/proc/sys/*/*'):
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try: text = os.read(file, 65536)
        finally: os.close(file)
    except OSError: continue
    read.add(path)
    if path.endswith('/cmdline') and {SECRET[2:]!r}.encode() in text: print('found')
own = '/proc/' + os.readlink('/proc/self') + '/'
print(sorted(path for path in read if not path.startswith(own)))
print(own + 'status' in read)
"""


@pytest.mark.usefixtures("secret")
def test_code_reads_only_its_own_process(start: list[str]) -> None:
    """A command line can hold a token. Outside, the code finds one; in a jail, it reads its own process and the machine's numbers."""
    outside = run(start, "-", code=SCAN).stdout.splitlines()
    assert outside[0] == "found"
    inside = execute(start, SCAN)
    assert inside.stderr == ""
    others, own = inside.stdout.splitlines()
    assert own == "True"
    names = ["cpuinfo", "meminfo", "mounts", "stat", "loadavg", "uptime", "version", "filesystems"]
    sysctls = [
        "kernel/osrelease",
        "kernel/pid_max",
        "kernel/cap_last_cap",
        "vm/overcommit_memory",
        "vm/max_map_count",
    ]
    allowed = [*(f"/proc/{name}" for name in names), *(f"/proc/sys/{name}" for name in sysctls)]
    assert others == str(sorted(allowed))


def test_code_writes_nowhere_in_proc(start: list[str]) -> None:
    """Its own out-of-memory score, for example; the init's writable /proc is nowhere in its tree."""
    code = """
import os
found = []
for top, folders, names in os.walk('/proc'):
    for name in names:
        path = os.path.join(top, name)
        if top.endswith('/fd'): continue
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            if not os.path.samestat(os.stat('/dev/null'), os.stat(path)): found.append(path)
        except OSError: continue
print(found)
"""
    assert execute(start, code).stdout == "[]\n"


def test_honest_code_works(start: list[str]) -> None:
    """Processes, a server on the loopback, files that move, and a look at /proc: what does not work is in doctor's list."""
    code = """
import asyncio, multiprocessing as mp, os, subprocess, sys
def square(x): return x * x
async def main():
    async def greet(reader, writer): writer.write(b'hi'); writer.close()
    server = await asyncio.start_server(greet, '127.0.0.1', 0)
    for _ in range(40):
        reader, writer = await asyncio.open_connection('127.0.0.1', server.sockets[0].getsockname()[1])
        assert await reader.read() == b'hi'
        writer.close()
if __name__ == '__main__':
    for method in ('fork', 'spawn', 'forkserver'):
        with mp.get_context(method).Pool(2) as pool: print(pool.map(square, range(3)))
    asyncio.run(main())
    os.makedirs('folder'); open('file', 'w').close(); os.rename('file', 'folder/file'); print(os.listdir('folder'))
    print(subprocess.run([sys.executable, '-c', 'import os; print(len(os.listdir("/proc/self/fd")))'], capture_output=True, text=True))
    print('Threads' in open('/proc/self/status').read(), os.getpid() < 10, 'MemTotal' in open('/proc/meminfo').read())
"""
    done = execute(start, code)
    assert done.stderr == ""
    *pools, moved, child, facts = done.stdout.splitlines()
    assert pools == ["[0, 1, 4]"] * 3
    assert (moved, facts) == ("['file']", "True True True")
    assert "returncode=0" in child


MEMORY = """
import os, time
def hold():
    memory = bytearray(20 << 20)
    for at in range(0, len(memory), 4096): memory[at] = 1
    print(len(memory) >> 20, flush=True)
    time.sleep(20)
for _ in range(10):
    if not os.fork():
        if not os.fork(): hold()
        os._exit(0)
    os.wait()
time.sleep(20)
"""
LOCKS = """
import fcntl, time
with open('file', 'w') as file:
    for at in range(0, 20000, 2): fcntl.lockf(file, fcntl.LOCK_EX, 1, at)
    time.sleep(20)
"""
CONNECTIONS = """
import socket, time
listener = socket.create_server(('127.0.0.1', 0))
pairs = []
for _ in range(100):
    near = socket.create_connection(listener.getsockname())
    far = listener.accept()[0]
    pairs.append((near, far))
    for each in pairs[-1]: each.setblocking(False)
    stop = time.monotonic() + 0.2
    while time.monotonic() < stop:  # the kernel lets the buffers grow for who reads fast
        try: near.send(bytes(1 << 18))
        except BlockingIOError: pass
        try: far.recv(1 << 20)
        except BlockingIOError: pass
    try:
        while True: near.send(bytes(1 << 16))
    except BlockingIOError: pass
time.sleep(20)
"""
SHARED = """
import mmap, time
held = []
for _ in range(10):
    held.append(mmap.mmap(-1, 20 << 20))
    held[-1].write(bytes(20 << 20))
time.sleep(20)
"""


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (MEMORY, "out of memory"),
        (SHARED, "out of memory"),
        (LOCKS, "4096 file locks"),
    ],
    ids=["memory of orphans", "shared memory", "locks"],
)
def test_the_accountant_finds_what_the_jail_holds(start: list[str], code: str, why: str) -> None:
    """The init counts processes by names that are not the pids in its namespace, next to those of the whole container."""
    done = execute(start, code, "--memory", "128MiB" if "memory" in why else "1GiB")
    assert done.returncode == 137
    assert why in done.stderr


def test_data_in_connections_is_counted_where_its_buffers_have_no_bound() -> None:
    """For an ordinary user, because a memory group of version 1 bounds what TCP takes. A socket's buffers grow to 32 MiB by default."""
    done = execute(beginning("user"), CONNECTIONS)
    assert done.returncode == 137
    assert "MiB in network connections" in done.stderr


def test_two_jails_do_not_count_for_each_other(start: list[str]) -> None:
    """Both hold three quarters of what one may."""
    code = MEMORY.replace("range(10)", "range(4)").replace("time.sleep(20)\n", "time.sleep(2)\n")
    command = [*start, "-m", "plugcli", "exec", "--memory", "128MiB", "-"]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    outputs = [each.communicate(code, timeout=100)[0] for each in running]
    assert outputs == ["20\n" * 4] * 2
    assert [each.returncode for each in running] == [0, 0]


def test_doctor_says_what_is_replaced(start: list[str]) -> None:
    """Nothing of it is silent: not the /proc, not the host name."""
    verdict = json.loads(run(start, "-c", WITHOUT, "sethostname", "-m", "plugcli", "doctor", "--json").stdout)
    assert (verdict["holds"], verdict["level"]) == (True, "namespaces")
    why = {layer["name"]: layer["why"] for layer in verdict["layers"]}
    assert "parts of /proc are covered here" in why["files"]
    assert "the filter alone forbids more of them" in why["namespaces"]
    assert "see this container's host name" in verdict["can_still"]
    assert "see which process ids are in use in this container" in verdict["can_still"]
    assert "watch files with inotify" in verdict["cannot"]


def test_inotify_is_refused(start: list[str]) -> None:
    """Its watches count for the user who runs plugcli, and nothing here could give the jail a share of its own."""
    code = "import ctypes, os; libc = ctypes.CDLL(None, use_errno=True); print(libc.inotify_init1(0), os.strerror(ctypes.get_errno()))"
    assert run(start, "-", code=code).stdout != "-1 Function not implemented\n"
    assert execute(start, code).stdout == "-1 Function not implemented\n"


def test_without_landlock_it_is_refused(start: list[str]) -> None:
    """Nothing would hide the container's other processes from the code."""
    done = run(
        start, "-c", WITHOUT, "landlock_create_ruleset", "-m", "plugcli", "exec", "-", code="print('ran')"
    )
    assert done.returncode == 125
    assert (
        "parts of /proc are covered, as in a container, and there is no Landlock to hide the rest"
        in done.stderr
    )
    assert "ran" not in done.stdout


SESSION = """
import asyncio
from plugcli.sandbox import Policy, Sandbox
from plugcli.sandbox.engine import Key
STAYS = '''
import os, struct, time
reader, writer = os.pipe()
for _ in range(3):
    if not os.fork():
        os.setsid()
        if not os.fork():
            os.write(writer, struct.pack('i', os.getpid()))
            time.sleep(100)
        os._exit(0)
    os.wait()
pids = struct.unpack('3i', open(reader, 'rb').read(12))
time.sleep(100)
'''
COUNT = '''
alive = 0
for pid in pids:
    try: os.kill(pid, 0)
    except ProcessLookupError: continue
    alive += 1
print(len(pids), alive)
'''
async def main():
    async with Sandbox(Policy(), spares=0) as sandbox:
        opened = await sandbox.open(Key())
        for code, seconds in ((STAYS, 3.0), (COUNT, 20.0)):
            result = await opened.run(code, wall_seconds=seconds)
            print(result.outcome, result.stdout.strip())
asyncio.run(main())
"""


def test_session_that_takes_too_long_keeps_its_interpreter_alone(start: list[str]) -> None:
    """The init ends what the code has started by its pid in the namespace, not by its name in /proc."""
    done = run(start, "-", code=SESSION)
    assert done.stdout.splitlines() == ["timeout ", "ok 3 0"], done.stderr
