"""Promise 5 and 3: no process beside the code's own can be signalled, read, slowed or inherited from, in its jail or out of it."""

import pytest

from tests.abuse.box import Box

CALL = """
import ctypes, errno, os, signal, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
X86_64 = os.uname().machine == 'x86_64'
def call(numbers, *arguments):
    ctypes.set_errno(0)
    words = [a if isinstance(a, bytes) else ctypes.c_ulong(a & 2**64 - 1) for a in arguments]
    result = libc.syscall(ctypes.c_long(numbers[0 if X86_64 else 1]), *words)
    return 'done' if result >= 0 else errno.errorcode[ctypes.get_errno()]
"""


@pytest.mark.row("C12")
def test_signals_reach_no_other_jail(box: Box) -> None:
    """Two conversations beside each other, and the user's own processes: neither sees the other's."""
    assert not box.outside("import os\nos.kill(HOST['bystander'], 9)")["bystander_lives"]
    program = """
ATTACK = '''
import os, signal
reached = 0
for pid in range(2, 40000):
    if pid not in (os.getpid(), 3):  # 3 is its own twin
        for kill in (os.kill, os.killpg):
            try: kill(pid, 9)
            except OSError: continue
            reached += 1
print(reached)
'''
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        victim = asyncio.create_task(sandbox.run("import time\\nprint('here', flush=True)\\ntime.sleep(1)\\nprint('still here')"))
        await asyncio.sleep(0.5)
        print((await sandbox.run(ATTACK)).stdout, (await victim).stdout)
asyncio.run(main())
"""
    result = box.host(program)
    assert result["stdout"].split() == ["0", "here", "still", "here"]
    assert result["bystander_lives"]


NEIGHBOUR = f"""{CALL}
pid = os.fork()
if pid == 0:
    time.sleep(20)
    os._exit(0)
pidfd = os.pidfd_open(pid)
buffer = ctypes.create_string_buffer(8)
vector = struct.pack('QQ', ctypes.addressof(buffer), 8)
print(call((310, 270), pid, vector, 1, vector, 1, 0), call((311, 271), pid, vector, 1, vector, 1, 0))
print(call((438, 438), pidfd, 1, 0), call((312, 272), os.getpid(), pid, 0, 1, 1))
print(call((101, 117), 0x4206, pid, 0, 0), call((101, 117), 16, pid, 0, 0))
os.kill(pid, 9)
os.wait()
"""


@pytest.mark.row("C13")
def test_memory_and_descriptors_of_a_neighbour_are_closed(box: Box) -> None:
    """Not even of a child of one's own: what is refused for everybody needs no judgement. The init is closed in every way."""
    control = box.outside(NEIGHBOUR)["stdout"].split()
    assert control[:3] == ["done"] * 3
    assert control[4] == "done"
    assert box.inside(NEIGHBOUR)["stdout"].split() == ["EPERM"] * 6
    init = """
import os
opened = []
for name in ('mem', 'maps', 'environ', 'auxv', 'stack', 'syscall', 'pagemap', 'smaps', 'fd', 'map_files', 'cwd', 'root', 'exe', 'ns/net'):
    for attempt in (os.listdir, os.readlink, lambda path: open(path, 'rb').read(10)):
        try: attempt(f'/proc/{PID}/{name}')
        except OSError: continue
        opened.append(name)
print(opened)
"""
    assert (
        "'mem'" in box.outside("PID = HOST['bystander']\n" + init.replace("read(10)", "fileno()"))["stdout"]
    )
    assert box.inside("PID = 1\n" + init)["stdout"] == "[]\n"


INFLUENCE = f"""{CALL}
import resource
def attempt(action):
    try: action()
    except OSError as e: return errno.errorcode[e.errno]
    return 'done'
print(attempt(lambda: resource.prlimit(PID, resource.RLIMIT_NOFILE, (9, 9))))
print(attempt(lambda: os.setpriority(os.PRIO_PROCESS, PID, 19)), attempt(lambda: os.setpriority(os.PRIO_PGRP, PID, 19)))
print(attempt(lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19)))
print(attempt(lambda: os.sched_setaffinity(PID, [0])))
print(attempt(lambda: os.sched_setscheduler(PID, os.SCHED_IDLE, os.sched_param(0))))
print(call((251, 30), 1, PID, 3 << 13), call((251, 30), 2, PID, 3 << 13), call((251, 30), 3, os.getuid(), 3 << 13))
written = []
try: names = sorted(os.listdir(f'/proc/{{PID}}'))
except PermissionError: names = []
for name in names:
    try: os.write(os.open(f'/proc/{{PID}}/{{name}}', os.O_WRONLY), b'500')
    except OSError: continue
    written.append(name)
print(written)
"""


@pytest.mark.row("C14")
def test_init_of_the_jail_cannot_be_hindered(box: Box) -> None:
    """It watches the code's memory and has the code's uid: not limited, not slowed, not moved, and nothing of it in /proc writable."""
    control = box.outside(f"PID = HOST['bystander']\n{INFLUENCE}")["stdout"].split()
    assert control[:2] == ["done", "done"]
    assert control[4:7] == ["done"] * 3
    assert "'oom_score_adj'" in " ".join(control)
    answers = box.inside(f"import os\nPID = os.getppid()\n{INFLUENCE}")["stdout"].split()
    assert set(answers[:9]) == {"EPERM"}, answers
    assert answers[9:] == ["[]"]


@pytest.mark.row("C24")
def test_no_folder_of_the_host_is_open(box: Box) -> None:
    """A folder left open leads out of every root: CVE-2024-21626. And the way up ends at the jail's own."""
    code = """
import os, stat
folders = []
for fd in range(3, 256):
    try: os.fchdir(fd)
    except OSError: continue
    folders.append(os.listdir('.') != [])
print(folders)
up = os.open('/'.join(['..'] * 50), os.O_RDONLY)
print(os.path.sameopenfile(up, os.open('/', os.O_RDONLY)), sorted(os.listdir(up)))
"""
    assert "True" in box.outside(code)["stdout"].splitlines()[0]
    result = box.inside(code)
    nothing, *rest = result["stdout"].splitlines()
    assert nothing == "[]"
    if box.is_landlock:
        assert rest == []
        assert "PermissionError" in result["stderr"]  # no folder above its own can be opened
        return
    [up] = rest
    assert up.startswith("True [")
    assert "'sys'" not in up  # which every host has
    assert "'boot'" not in up


@pytest.mark.row("C25")
def test_no_descriptor_can_be_sent_in(box: Box) -> None:
    """A unix socket carries descriptors: whoever reaches one of the host's may be given its files."""
    code = """
import os, socket
for address in ('\\0' + HOST['abstract'], HOST['path']):
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(address)
            message, descriptors, _, _ = socket.recv_fds(s, 10, 4)
            print(os.pread(descriptors[0], 100, 0).decode())
        except OSError as e: print(type(e).__name__)
print(os.listdir('/proc/self/fd')[3:-1])
"""
    assert box.outside(code)["stdout"].split()[:2] == ["the-host-keeps-this"] * 2
    result = box.inside(code)
    if box.is_landlock:
        assert result["stdout"] == ""
        assert result["stderr"].endswith(
            "PermissionError: [Errno 1] Operation not permitted\n"
        )  # no socket is made
        return
    assert result["stdout"].split() == ["ConnectionRefusedError", "FileNotFoundError", "[]"]


@pytest.mark.row("C26")
@pytest.mark.parametrize("shell", ["bash", "perl"])
def test_other_programs_are_held_the_same(box: Box, shell: str) -> None:
    """Code may start what it finds in /usr, and nothing of that is less confined than the code."""
    script = {
        "bash": """
cat "$KEY"; head -c 5 < /dev/tcp/10.77.0.1/$PORT; echo
grep -E '^(NoNewPrivs|Seccomp|CapBnd):' /proc/self/status | tr -s '\\n\\t' '  '
touch /usr/plugcli-was-here && rm /usr/plugcli-was-here && echo written
""",
        "perl": """
use IO::Socket; $| = 1;
open(F, '<', $ENV{KEY}) && print <F>;
my $s = IO::Socket::INET->new("10.77.0.1:$ENV{PORT}"); print $s ? <$s> : '', "\n";
open(F, '<', '/proc/self/status'); for (<F>) { s/\\s+/ /g; print if /^(NoNewPrivs|Seccomp|CapBnd):/; }
open(F, '>', '/usr/plugcli-was-here') && unlink('/usr/plugcli-was-here') && print 'written';
""",
    }[shell]
    flag = {"bash": "-c", "perl": "-e"}[shell]
    code = f"""
import os, subprocess
environment = os.environ | {{'KEY': HOST['home'] + '/.ssh/id_ed25519', 'PORT': str(HOST['tcp4'])}}
print(subprocess.run([{shell!r}, {flag!r}, {script!r}], env=environment, capture_output=True, text=True).stdout)
"""
    control = box.outside(code)
    assert "the-host-keeps-this" in control["stdout"]
    assert "hello" in control["stdout"]
    assert control["heard"] == ["tcp4"]
    assert ("written" in control["stdout"]) == (box.who == "root")
    result = box.inside(code)
    if box.is_landlock:
        assert (result["stdout"].split(), result["heard"]) == ([], [])  # nor can it read its own status
        return
    assert result["stdout"].split() == ["CapBnd:", "0000000000000000", "NoNewPrivs:", "1", "Seccomp:", "2"]
    assert result["heard"] == []
