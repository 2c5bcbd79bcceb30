"""Promise 5: no capabilities, no nested namespaces, no kernel surface that Python work does not need. Denials are ordinary errors."""

import os
import re

import pytest

from plugcli.sandbox.jail import seccomp
from plugcli.sandbox.jail.syscalls import numbers
from tests.abuse.box import USER, Box

CALL = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(a & 2**64 - 1) for a in arguments])
    return errno.errorcode.get(ctypes.get_errno(), 'done') if result == -1 else 'done'
"""
# In a user namespace of its own even an ordinary user may do what root may: the strongest control there is.
AS_ROOT_OF_A_NAMESPACE = """
if os.geteuid() != 0:
    uid, gid = os.getuid(), os.getgid()
    libc.unshare(0x10000000)
    open('/proc/self/setgroups', 'w').write('deny')
    open('/proc/self/uid_map', 'w').write(f'0 {uid} 1')
    open('/proc/self/gid_map', 'w').write(f'0 {gid} 1')
libc.unshare(0x00020000)
"""
X86_64 = os.uname().machine == "x86_64"

# At level landlock the box takes namespaces, mounts and keys away from the control, too, as Docker's default does: what the attack would do
# with them is shown at level namespaces.


@pytest.mark.row("H1")
def test_namespaces_cannot_be_nested(box: Box) -> None:
    """In a user namespace of its own the code would have capabilities again and could detach the read-only binds."""
    clone = 56 if X86_64 else 220
    code = f"""{CALL}
print('made' if libc.unshare(0x10000000) == 0 else errno.errorcode[ctypes.get_errno()])
print(call({clone}, 0x10000000 | 1 << 40, 0, 0, 0, 0) if os.getpid() < 0 else '', end='')
for flag in (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x08000000, 0x04000000, 0x02000000):
    print(call({clone}, flag | 17 | 1 << 40, 0, 0, 0, 0))
try: print(open('/proc/sys/user/max_user_namespaces').read().strip())
except OSError as e: print(e.errno)
"""
    *seen, allowed = box.inside(code)["stdout"].split()
    assert seen == ["EPERM"] * 8
    if box.is_landlock:
        assert allowed == "13"  # the file may not be read
        return
    assert box.outside(code.split("for flag")[0])["stdout"] == "made\n"
    assert allowed == "0"


@pytest.mark.row("H2")
def test_clone3_is_not_there(box: Box) -> None:
    """Its flags are behind a pointer, where a filter must not look: libc falls back to clone."""
    code = f"{CALL}\nprint(call(435, 0, 0))\nimport threading\nt = threading.Thread(target=print, args=('thread',))\nt.start()\nt.join()"
    if not box.is_landlock:
        assert box.outside(code)["stdout"] == "EINVAL\nthread\n"
    assert box.inside(code)["stdout"] == "ENOSYS\nthread\n"


MOUNT_CALLS = {
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
}


@pytest.mark.row("H3")
@pytest.mark.parametrize("name", MOUNT_CALLS)
def test_mount_calls_are_filtered(box: Box, name: str) -> None:
    """A bad pointer or descriptor tells who answered: EFAULT and EBADF the kernel, EPERM the filter."""
    number = MOUNT_CALLS[name][0 if X86_64 else 1]
    code = f"{CALL}{{}}\nprint(call({number}, -1, -1, -1, -1, -1))"
    if not box.is_landlock:
        control = box.outside(code.format(AS_ROOT_OF_A_NAMESPACE))["stdout"].strip()
        assert control in ("EFAULT", "EBADF", "EINVAL", "ENOSYS")
    assert box.inside(code.format(""))["stdout"] == "EPERM\n"


@pytest.mark.row("H6")
def test_root_cannot_be_made_writable(box: Box) -> None:
    """A sandbox that root starts and that keeps its capabilities remounts / and writes where it likes."""
    code = f"""{CALL}{{}}
print(libc.mount(None, b'/', None, 32 | 4096, None), libc.mount(b'none', b'/mnt', b'tmpfs', 0, None))
try:
    open('/usr/plugcli-was-here', 'w').close()
    os.unlink('/usr/plugcli-was-here')
    print('written')
except OSError as e: print(e.errno)
"""
    if box.is_landlock:
        assert box.inside(code.format(""))["stdout"].split() == ["-1", "-1", "13"]
        return
    control = box.outside(code.format(AS_ROOT_OF_A_NAMESPACE))["stdout"].split()
    assert control[1] == "0"
    if box.who == "root":
        assert control[2] == "written"
    assert box.inside(code.format(""))["stdout"].split() == ["-1", "-1", "30"]


@pytest.mark.row("G12")
@pytest.mark.row("H7")
def test_io_uring_is_not_there(box: Box) -> None:
    """Its operations go round a filter of system calls."""
    code = f"{CALL}\nprint(call(425, 1, 0), call(426, -1, 0, 0, 0, 0), call(427, -1, 0, 0, 0))"
    assert "ENOSYS" not in box.outside(code)["stdout"].split()[:1]
    assert box.inside(code)["stdout"].split() == ["ENOSYS"] * 3


@pytest.mark.row("H17")
def test_capabilities_are_empty_for_good(box: Box) -> None:
    """Every set, the bounding one too, and nothing can be gained by exec."""
    code = """
lines = dict(line.split(':', 1) for line in open('/proc/self/status'))
sets = {name: int(lines[name], 16) for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')}
print(sets, lines['NoNewPrivs'].strip(), lines['Seccomp'].strip())
print(lines['Uid'].split(), lines['Groups'].split())
"""
    control = box.outside(code)["stdout"]
    assert "'CapBnd': 0" not in control
    expected = {"CapInh": 0, "CapPrm": 0, "CapEff": 0, "CapBnd": 0, "CapAmb": 0}
    if box.is_landlock:
        _assert_landlock_identity(box, code)
        return
    assert box.inside(code)["stdout"] == f"{expected} 1 2\n{['1000'] * 4} []\n"


def _assert_landlock_identity(box: Box, code: str) -> None:
    """The bounding set stays, for only who has CAP_SETPCAP can empty it: no new privileges make it mean nothing."""
    status, identity = box.inside(code)["stdout"].splitlines()
    assert re.fullmatch(r"{'CapInh': 0, 'CapPrm': 0, 'CapEff': 0, 'CapBnd': \d+, 'CapAmb': 0} 1 2", status)
    [uid] = set(re.findall(r"\d+", identity.partition("]")[0]))
    assert identity.endswith("] []")
    assert int(uid) == USER if box.who == "user" else int(uid) >= 0x10000


@pytest.mark.row("H12")
@pytest.mark.row("H19")
def test_new_and_foreign_calls_are_ordinary_errors(box: Box) -> None:
    """A newer libc tries what our table does not know, and must be able to fall back: never SIGSYS."""
    code = f"{CALL}\nprint(call(470), call(9999), call(1 << 30 | 39), call(2**32 - 1))"
    assert "ENOSYS" in box.outside(code)["stdout"]
    result = box.inside(code)
    assert (result["stdout"], result["outcome"]) == ("ENOSYS ENOSYS ENOSYS ENOSYS\n", "ok")


@pytest.mark.row("H12")
@pytest.mark.skipif(not X86_64, reason="a program of 64 bits can make calls of 32 bits on x86_64 alone")
def test_calls_of_32_bits_are_not_there(box: Box) -> None:
    """Their numbers mean other calls: a filter that does not look at the architecture lets mount pass as something harmless."""
    code = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=7)
def int80(number):
    page[:8] = bytes([0xb8]) + number.to_bytes(4, 'little') + bytes([0xcd, 0x80, 0xc3])  # mov eax, number; int 0x80; ret
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
print(int80(20) > 0, int80(224) > 0, int80(20))  # getpid, gettid
"""
    if not box.is_landlock:
        assert box.outside(code)["stdout"].startswith("True True ")
    assert box.inside(code)["stdout"] == "False False -38\n"


@pytest.mark.row("H4")
def test_other_namespaces_cannot_be_entered(box: Box) -> None:
    """Through /proc/PID/ns, a pidfd, or what an own namespace names as its parent."""
    code = f"""{CALL}{{}}
import fcntl
try: namespace = os.open('/proc/1/ns/net', os.O_RDONLY)
except OSError as e:
    print(errno.errorcode[e.errno])
    namespace = os.open('/proc/self/ns/net', os.O_RDONLY)
print(call({308 if X86_64 else 268}, namespace, 0x40000000), call({308 if X86_64 else 268}, os.pidfd_open(os.getpid()), 0x20000))
for name in ('user', 'pid'):
    try: print('parent', fcntl.ioctl(os.open(f'/proc/self/ns/{{{{name}}}}', os.O_RDONLY), 0xb702) > 0)
    except OSError as e: print(errno.errorcode[e.errno])
"""
    if box.is_landlock:
        seen = box.inside(code.format(""))["stdout"].split()
        assert len(seen) == 5
        assert set(seen) <= {"EACCES", "EPERM", "ENOTSUP"}
        return
    control = box.outside(code.format(AS_ROOT_OF_A_NAMESPACE).replace("/proc/1/", "/proc/self/"))
    if (
        box.who == "root"
    ):  # in a user's own namespace the network stays the parent's: entering it is denied outside, too
        assert control["stdout"].split()[:2] == ["done", "done"], control
    assert box.inside(code.format(""))["stdout"].split() == ["EACCES", "EPERM", "EPERM", "EPERM", "EPERM"]


@pytest.mark.row("H5")
def test_root_folder_cannot_be_left(box: Box) -> None:
    """The walk out of a chroot: into a second one below, then up past the first, which nothing holds any more."""
    code = f"""{CALL}{{}}
here = os.stat('/')
os.makedirs('cell/inner', exist_ok=True)
folder = os.open('.', os.O_RDONLY)
cell = ctypes.create_string_buffer(b'cell')
print(call({161 if X86_64 else 51}, ctypes.addressof(cell)))
if os.stat('/').st_ino != here.st_ino:
    os.chdir('/')
    os.fchdir(folder)
for _ in range(40): os.chdir('..')
now = os.stat('.')
print((now.st_dev, now.st_ino) == (here.st_dev, here.st_ino), 'home' in os.listdir('.'), os.path.exists('.' + HOST['path']))
os.chdir('/../../..')
print(sorted(os.listdir('.')) == sorted(os.listdir('/')), sum(line.split()[4] == '/' for line in open('/proc/self/mountinfo')))
"""
    if box.is_landlock:
        result = box.inside(code.format(""))
        assert result["stdout"] == "EPERM\n"
        assert "PermissionError" in result["stderr"]  # above its own folder it can list nothing
        return
    assert box.outside(code.format(AS_ROOT_OF_A_NAMESPACE))["stdout"].startswith("done\nTrue True True\n")
    assert box.inside(code.format(""))["stdout"] == "EPERM\nTrue True False\nTrue 1\n"


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(
            "bpf perf_event_open userfaultfd fanotify_init fanotify_mark lookup_dcookie",
            marks=pytest.mark.row("H8"),
            id="watching",
        ),
        pytest.param(
            "kexec_load kexec_file_load reboot init_module finit_module delete_module swapon swapoff acct quotactl quotactl_fd "
            "iopl ioperm settimeofday clock_settime clock_adjtime adjtimex syslog sethostname setdomainname migrate_pages move_pages",
            marks=pytest.mark.row("H10"),
            id="governing",
        ),
        pytest.param(
            "ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd",
            marks=pytest.mark.row("H14"),
            id="tracing",
        ),
    ],
)
def test_kernel_surface_is_refused(box: Box, names: str) -> None:
    """Calls that are root's or a debugger's. Bad arguments tell who answered: EFAULT, EBADF and EINVAL the kernel, EPERM the filter.

    Most of them refuse an ordinary user outside, too, and this machine's kernel lacks some: the control is root's.
    """
    known = numbers(os.uname().machine)
    wanted = {name: known[name] for name in names.split() if name in known}
    code = f"""{CALL}
for name, number in {wanted!r}.items(): print(name, call(number, -1, -1, -1, -1, -1, -1))
"""
    control = dict(line.split() for line in box.outside(code)["stdout"].splitlines())
    answered = [
        name
        for name, answer in control.items()
        if answer in ("EFAULT", "EBADF", "EINVAL", "ESRCH", "E2BIG", "ENODEV")
    ]
    is_privileged = box.who == "root" and not box.is_landlock
    assert len(answered) >= (len(wanted) // 2 if is_privileged else 1), control
    result = box.inside(code)
    assert dict(line.split() for line in result["stdout"].splitlines()) == dict.fromkeys(wanted, "EPERM")
    assert result["outcome"] == "ok"


@pytest.mark.row("H9")
def test_keyrings_are_not_there(box: Box) -> None:
    """No namespace covers them: a key that one run leaves, another would find, and the user's session keys are in reach."""
    add, request, control_key = (248, 249, 250) if X86_64 else (217, 218, 219)
    code = f"""{CALL}
text = [ctypes.create_string_buffer(b) for b in (b'user', b'plugcli-abuse', b'x')]
kind, name, value = (ctypes.addressof(b) for b in text)
print(call({add}, kind, name, value, 1, -1), call({request}, kind, name, 0, 0), call({control_key}, 0, -3, 0))
print(call({control_key}, 9, 0, 0) if '{box.who}' else '')
"""
    # KEY_SPEC_THREAD_KEYRING (-1) holds the key: it is gone with the process. The last call unlinks nothing.
    if not box.is_landlock:
        assert box.outside(code)["stdout"].split()[:2] == ["done", "done"]
    assert box.inside(code)["stdout"].split() == ["ENOSYS"] * 4


@pytest.mark.row("H11")
def test_personality_and_segments_cannot_be_changed(box: Box) -> None:
    """No addresses that can be guessed, no READ_IMPLIES_EXEC, no 16-bit segments; asking is allowed."""
    code = f"""{CALL}
number = {135 if X86_64 else 92}
print(call(number, 0x0040000), call(number, 0x0400000), call(number, 0x0040000 | 1 << 40), call(number, 0xffffffff), call(number, 0))
print(call(154, 0, 0, 0) if {X86_64} else 'EPERM')
"""
    assert box.outside(code)["stdout"].split()[:5] == ["done"] * 5
    assert box.inside(code)["stdout"].split() == ["EPERM"] * 3 + ["done"] * 2 + ["EPERM"]


@pytest.mark.row("H13")
def test_high_bits_dodge_no_comparison(box: Box) -> None:
    """The kernel reads 32 bits of these arguments, so the filter must, too (CVE-2019-10063)."""
    socket, clone, fcntl, ioctl = (41, 56, 72, 16) if X86_64 else (198, 220, 25, 29)
    code = f"""{CALL}
print(call({socket}, 16 | 1 << 32, 3, 0), call({socket}, 40 | 1 << 63, 1, 0), call({socket}, 2, 1 | 1 << 40, 262 | 1 << 32))
descriptor = os.open(os.__file__, os.O_RDONLY)
print(call({fcntl}, descriptor, 1026 | 1 << 32, 0))
print(call({ioctl}, 0, 0x5412 | 1 << 32, 0))
print(call({clone}, 0x10000000 | 17 | 1 << 32, 0, 0, 0, 0) if os.environ.get('USER') == 'sandbox' else '')
"""
    control = box.outside(code)["stdout"].split()
    assert control[0] == "done"
    assert control[2] == "done"
    assert "EPERM" not in control
    expected = ["EAFNOSUPPORT", "EAFNOSUPPORT", "EPROTONOSUPPORT", "EPERM", "EPERM", "EPERM"]
    assert box.inside(code)["stdout"].split() == expected


@pytest.mark.row("H14")
def test_tracing_a_child_is_refused(box: Box) -> None:
    """A tracer changes a call after the filter has seen it, or what a pointer of it points to."""
    code = f"""{CALL}
import signal, time
child = os.fork()
if child == 0:
    time.sleep(5)
    os._exit(0)
answers = [call({101 if X86_64 else 117}, 0x4206, child, 0, 0)]  # PTRACE_SEIZE
try: answers.append('done' if open(f'/proc/{{child}}/mem', 'r+b', buffering=0) else '')
except OSError as e: answers.append(errno.errorcode[e.errno])
os.kill(child, 9)
if os.fork() == 0: os._exit(call({101 if X86_64 else 117}, 0, 0, 0, 0) == 'done')  # PTRACE_TRACEME
os.waitpid(child, 0)
print(*answers, os.waitstatus_to_exitcode(os.wait()[1]))
"""
    assert box.outside(code)["stdout"] == "done done 1\n"
    assert box.inside(code)["stdout"] == f"EPERM {'EACCES' if box.is_landlock else 'EROFS'} 0\n"


@pytest.mark.row("H14")
def test_filter_looks_behind_no_pointer() -> None:
    """What a pointer points to can change after the look: the rules know numbers alone, and whether a pointer is there at all."""
    kinds = {type(condition) for rule in seccomp.RULES for condition in rule.when}
    assert kinds <= {seccomp.Is, seccomp.IsNot, seccomp.HasBits, seccomp.LacksBits, seccomp.IsNotNull}


@pytest.mark.row("H16")
def test_kernel_settings_cannot_be_written(box: Box) -> None:
    """core_pattern and modprobe name programs that the kernel runs as root on the host. Opening shows it; nothing is ever written."""
    code = """
import os
writable = []
for top, folders, names in os.walk('/proc/sys'):
    for name in names:
        path = os.path.join(top, name)
        try: os.close(os.open(path, os.O_WRONLY))
        except OSError: continue
        writable.append(path)
print(len(writable), '/proc/sys/kernel/core_pattern' in writable, '/proc/sys/kernel/sysrq' in writable)
for path in writable if os.path.exists('/home/sandbox') else []:
    text = open(path).read()
    try: os.write(os.open(path, os.O_WRONLY), text.encode())
    except OSError as e: print(path, e.errno)
    else: print(path, 'written')
"""
    control = box.outside(code)["stdout"].split()
    # An ordinary user may not do it outside either.
    assert (int(control[0]) > 400, control[1]) == (box.who == "root", str(box.who == "root"))
    first, *tried = box.inside(code)["stdout"].splitlines()
    assert first.endswith(" False False")
    # ns_last_pid opens for everybody, and then wants a capability.
    assert set(tried) <= {"/proc/sys/kernel/ns_last_pid 1"}


@pytest.mark.row("H18")
def test_uid_cannot_be_changed(box: Box) -> None:
    """Not to root's, not to another run's, not by the helpers for user namespaces, not by groups."""
    code = f"""{CALL}{{}}
import subprocess
def attempt(what):
    try: return what() or 'done'
    except OSError as e: return errno.errorcode[e.errno]
    except subprocess.SubprocessError: return 'failed'
in_child = []
for what in (lambda: os.setgroups([0]), lambda: os.setgid(0), lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0), lambda: os.setuid(1001)):
    in_child.append(attempt(what))
print(*in_child)
print(attempt(lambda: os.write(os.open('/proc/self/uid_map', os.O_WRONLY), b'0 0 1') and None))
for command in (f'newuidmap {{{{os.getpid()}}}} 0 0 1', 'su -c true', 'sudo -n true', 'mount -t tmpfs x /tmp'):
    print(attempt(lambda: subprocess.run(command.split(), check=True, capture_output=True, stdin=subprocess.DEVNULL) and None))
"""
    if box.who == "root":
        assert box.outside(code.format(""))["stdout"].split()[:4] == ["done"] * 4
    elif not box.is_landlock:  # outside, too, an ordinary user becomes root only in a namespace of its own
        assert box.outside(code.format(AS_ROOT_OF_A_NAMESPACE))["stdout"].split()[2:4] == ["done"] * 2
    seen = box.inside(code.format(""))["stdout"].split()
    assert set(seen[:5]) <= {"EPERM", "EINVAL"}
    assert seen[5] == ("EACCES" if box.is_landlock else "EROFS")
    assert set(seen[6:]) <= {"failed", "ENOENT", "EACCES", "EPERM"}


@pytest.mark.row("H20")
def test_odd_but_harmless_calls_crash_nothing(box: Box) -> None:
    """What libc, numpy and allocators try of their own accord is answered, with success or an error they know."""
    names = {
        "sched_yield": (24, 124),
        "membarrier": (324, 283),
        "rseq": (334, 293),
        "sched_getscheduler": (145, 120),
    }
    names |= {
        "sched_get_priority_max": (146, 125),
        "getcpu": (309, 168),
        "get_mempolicy": (239, 236),
        "mlock2": (325, 284),
    }
    names |= {
        "memfd_secret": (447, 447),
        "set_robust_list": (273, 99),
        "madvise": (28, 233),
        "cachestat": (451, 451),
    }
    calls = {name: pair[0 if X86_64 else 1] for name, pair in names.items()}
    code = f"""{CALL}
import mmap, threading
for name, number in {calls!r}.items(): print(name, call(number, 0, 0, 0, 0, 0))
m = mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
m.madvise(mmap.MADV_HUGEPAGE), m.madvise(mmap.MADV_DONTNEED), m.madvise(mmap.MADV_FREE)
print('cpus', len(os.sched_getaffinity(0)) > 0, os.sched_rr_get_interval(0) >= 0, os.getloadavg()[0] >= 0)
os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
"""
    control = dict(line.split(maxsplit=1) for line in box.outside(code)["stdout"].splitlines())
    result = box.inside(code)
    seen = dict(line.split(maxsplit=1) for line in result["stdout"].splitlines())
    assert (result["outcome"], result["stderr"]) == ("ok", "")
    assert control["memfd_secret"] in ("done", "ENOSYS")
    assert seen == control | {"memfd_secret": "ENOSYS", "mlock2": "EPERM"}
