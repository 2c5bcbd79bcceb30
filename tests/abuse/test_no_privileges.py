"""Promise 5: no capabilities, no nested namespaces, no kernel surface that Python work does not need. Denials are ordinary errors."""

import os

import pytest

from tests.abuse.box import Box

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
    assert box.outside(code.split("for flag")[0])["stdout"] == "made\n"
    assert box.inside(code)["stdout"].split() == ["EPERM"] * 8 + ["0"]


@pytest.mark.row("H2")
def test_clone3_is_not_there(box: Box) -> None:
    """Its flags are behind a pointer, where a filter must not look: libc falls back to clone."""
    code = f"{CALL}\nprint(call(435, 0, 0))\nimport threading\nt = threading.Thread(target=print, args=('thread',))\nt.start()\nt.join()"
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
    assert box.outside(code.format(AS_ROOT_OF_A_NAMESPACE))["stdout"].strip() in (
        "EFAULT",
        "EBADF",
        "EINVAL",
        "ENOSYS",
    )
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
    control = box.outside(code.format(AS_ROOT_OF_A_NAMESPACE))["stdout"].split()
    assert control[1] == "0"
    if box.who == "root":
        assert control[2] == "written"
    assert box.inside(code.format(""))["stdout"].split() == ["-1", "-1", "30"]


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
    assert box.inside(code)["stdout"] == f"{expected} 1 2\n{['1000'] * 4} []\n"


def test_new_and_foreign_calls_are_ordinary_errors(box: Box) -> None:
    """A newer libc tries what our table does not know, and must be able to fall back: never SIGSYS."""
    code = f"{CALL}\nprint(call(470), call(9999), call(1 << 30 | 39))"
    result = box.inside(code)
    assert (result["stdout"], result["outcome"]) == ("ENOSYS ENOSYS ENOSYS\n", "ok")
