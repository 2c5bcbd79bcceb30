"""Modes, owners and times: the code changes those of its own files, and of no other, by whatever name."""

import ast
import os
import subprocess

import pytest

from plugcli.sandbox.jail import landlock
from tests.abuse.asked.conftest import Jail, is_untouched

# Each way to name a file that the code has no right to change; `victim` is its path.
_WAYS = {
    "path": "os.chmod(victim, 0o600)",
    "times": "os.utime(victim, (5, 5))",
    "owner": "os.chown(victim, os.getuid(), os.getgid()); os.chmod(victim, 0o600)",
    "descriptor": "os.fchmod(os.open(victim, os.O_RDONLY), 0o600)",
    "descriptor's times": "os.utime(os.open(victim, os.O_RDONLY), (5, 5))",
    "folder's descriptor": "os.chmod('victim', 0o600, dir_fd=os.open(os.path.dirname(victim), os.O_PATH))",
    "current folder": "os.chdir(os.path.dirname(victim)); os.chmod('victim', 0o600)",
    "dots": "os.chmod(os.path.relpath(victim), 0o600)",
    "link": "os.symlink(victim, 'link'); os.chmod('link', 0o600)",
    "link to a folder": "os.symlink(os.path.dirname(victim), 'folder'); os.chmod('folder/victim', 0o600)",
    "proc": "os.chmod(f'/proc/self/root{victim}', 0o600)",
    "proc's descriptor": "os.chmod(f'/proc/self/fd/{os.open(victim, os.O_PATH)}', 0o600)",
    "proc's descriptor by number": "os.chmod(f'/proc/{os.getpid()}/fd/{os.open(victim, os.O_PATH)}', 0o600)",
    "dev": "os.chmod(f'/dev/fd/{os.open(victim, os.O_RDONLY)}', 0o600)",
    "link to proc": "os.symlink(f'/proc/self/fd/{os.open(victim, os.O_RDONLY)}', 'link'); os.chmod('link', 0o600)",
    "current folder in proc": "os.chdir(os.path.dirname(victim)); os.chmod('/proc/self/cwd/victim', 0o600)",
    "empty path": "check(libc.utimensat(os.open(victim, os.O_PATH), b'', None, 0x1000))",
    "no path": "os.utime(os.open(victim, os.O_RDONLY))",
}
_CALLS = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def check(result):
    if result: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
"""


def test_no_way_leads_to_a_file_outside(jail: Jail) -> None:
    """Landlock alone lets each of them through, for a file that belongs to the code's own uid."""
    script = f"""{_CALLS}
import tempfile
for number, way in enumerate({[*_WAYS.values()]!r}):
    victim = f'{{outside}}/{{number}}/victim'
    os.chdir(tempfile.mkdtemp(dir=f'{{folder}}/data'))
    try: exec(way)
    except OSError as error: pass
    else: print(number)
"""
    victims = [jail.make_outside(f"{number}/victim") for number, _ in enumerate(_WAYS)]
    jail.run(script, has_filter=False)
    assert [way for way, victim in zip(_WAYS, victims, strict=True) if is_untouched(victim)] == []

    victims = [jail.make_outside(f"{number}/victim") for number, _ in enumerate(_WAYS)]
    assert jail.run(script).stdout == ""
    assert [way for way, victim in zip(_WAYS, victims, strict=True) if not is_untouched(victim)] == []


@pytest.mark.parametrize("abi", [2, 4, 6])
def test_python_changes_its_own_files(jail: Jail, abi: int) -> None:
    """shutil, tarfile, zipfile, venv, touch ... as on the author's machine, under what Debian 12, Ubuntu 24.04 and Linux 6.12 deny."""
    jail.run(_HONEST, abi=min(abi, landlock.abi().version))


_HONEST = """
import io, os, pathlib, shutil, sqlite3, stat, subprocess, sys, tarfile, tempfile, venv, zipfile
mode = lambda name: stat.S_IMODE(os.lstat(name).st_mode)

a = pathlib.Path('a')
a.write_text('text')
a.chmod(0o640)
os.utime(a, (1, 2))
assert (mode('a'), os.stat('a').st_mtime) == (0o640, 2)
a.touch()
assert os.stat('a').st_mtime > 1e9
os.utime('a', ns=(3, 4))
assert (os.stat('a').st_atime_ns, os.stat('a').st_mtime_ns) == (3, 4)
shutil.copy2('a', 'b')
assert (mode('b'), os.stat('b').st_mtime_ns) == (0o640, 4)
shutil.copytree('.', '../tmp/copy')
assert mode('../tmp/copy/b') == 0o640

with a.open() as file:
    os.fchmod(file.fileno(), 0o600)
    os.utime(file.fileno(), (5, 6))
    os.fchown(file.fileno(), -1, os.getgid())
    assert mode('a') == 0o600 and os.stat('a').st_mtime == 6
os.chown('a', os.getuid(), -1)
os.symlink('a', 'link'); os.symlink(os.path.abspath('a'), 'absolute')
os.chmod('absolute', 0o644)
assert mode('a') == 0o644
os.utime('link', (7, 8), follow_symlinks=False)
assert os.lstat('link').st_mtime == 8 and os.stat('a').st_mtime == 6
os.chmod('a', 0o606, follow_symlinks=False)
assert mode('a') == 0o606
os.lchown('link', -1, -1)
os.mkdir('folder'); os.chmod('folder', 0o2700)
os.chmod('b', 0o4600, dir_fd=os.open('.', os.O_RDONLY))
assert mode('b') == 0o600, 'nobody runs a file as its owner'
os.utime('.'); os.chmod('.', 0o755)

with tempfile.TemporaryFile() as file: os.fchmod(file.fileno(), 0o600); os.utime(file.fileno(), (1, 1))
with tempfile.NamedTemporaryFile() as file:
    os.unlink(file.name); os.fchmod(file.fileno(), 0o644)
    assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o644
    open(file.name, 'w').close()

with tarfile.open('a.tar', 'w') as archive: archive.add('folder'); archive.add('a'); archive.add('link')
with tarfile.open('a.tar') as archive: archive.extractall('extracted')
assert (mode('extracted/a'), os.stat('extracted/a').st_mtime) == (0o606, 6)
sqlite3.connect('base').executescript('create table t (x); insert into t values (1)')
with zipfile.ZipFile('a.zip', 'w') as archive: archive.write('base', 'z')
zipfile.ZipFile('a.zip').extractall()
venv.create('venv', symlinks=True)
subprocess.run(['venv/bin/python', '-c', 'import os; os.chmod("a", 0o600)'], check=True)

def run(command): return subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
run('cp -a extracted again; touch -d 2001-01-01 a; chmod -R u+x again; install -m 750 a installed; chgrp $(id -g) a; rm b')
assert os.stat('a').st_mtime < 1e9 and mode('installed') == 0o750 and not os.path.exists('b')
run('tar xpf a.tar --same-owner -C again; mv again moved; rm -r moved; ln a hard; rm hard')
"""


_ERRORS = {
    "os.chmod('missing', 0o600)": "ENOENT",
    "os.chmod('/missing/file', 0o600)": "ENOENT",
    "os.chmod('file/', 0o600)": "ENOTDIR",
    "os.chmod('loop', 0o600)": "ELOOP",
    "os.chmod('x' * 300, 0o600)": "ENAMETOOLONG",
    "os.chmod('x/' * 3000, 0o600)": "ENAMETOOLONG",
    "os.chmod('', 0o600)": "ENOENT",
    "os.chmod('link', 0o600, dir_fd=99)": "EBADF",
    "os.fchmod(99, 0o600)": "EBADF",
    "os.chmod('/proc/self/fd/99', 0o600)": "EBADF",
    "os.chmod('x', 0o600, dir_fd=os.open('file', os.O_RDONLY))": "ENOTDIR",
    "check(libc.chmod(None, 0o600))": "EFAULT",
    "check(libc.chmod(ctypes.c_void_p(-5000), 0o600))": "EFAULT",
    "check(libc.chmod(ctypes.c_void_p(edge(b'without an end')), 0o600))": "EFAULT",
    "check(libc.chmod(ctypes.c_void_p(edge(b'file\\0')), 0o600))": "0",
    "check(libc.utimensat(-100, b'file', ctypes.c_void_p(8), 0))": "EFAULT",
    "check(libc.utimensat(-100, b'file', b'\\xff' * 32, 0))": "EINVAL",
    "check(libc.utimensat(-100, b'file', None, 4))": "EINVAL",
    "check(libc.utimes(b'file', b'\\xff' * 32))": "EINVAL",
    "check(libc.utimes(b'file', None))": "0",
    "check(libc.fchownat(os.open('file', 0), b'', -1, -1, 0x1000))": "0",
    "check(libc.syscall(452, -100, b'link', 0o600, 0x100))": "ENOTSUP",
    "os.chown('file', 0, -1)": "EPERM",
    "os.chmod('/etc/passwd', 0o600)": "EPERM",
    "os.fchmod(1, 0o600)": "EPERM",
    "os.chmod('..', 0o700)": "EPERM",
}
_X86_64 = {
    "check(libc.syscall(132, b'file', bytes(16)))": "0",  # utime
    "check(libc.syscall(261, os.open('file', 0), None, bytes(32)))": "0",  # futimesat
    "check(libc.syscall(13, 17, ctypes.c_void_p(-5000), None, 8))": "EFAULT",  # rt_sigaction
    "check(libc.syscall(13, 17, ctypes.c_void_p(8), None, 8))": "EFAULT",
}


def test_errors_are_those_of_the_kernel(jail: Jail) -> None:
    """Or EPERM, for what is not in the jail's folder."""
    expected = _ERRORS | (_X86_64 if os.uname().machine == "x86_64" else {})
    ended = jail.run(f"""{_CALLS}
def edge(text):
    'Return the address of a text at the end of the memory.'
    libc.mmap.restype = ctypes.c_void_p
    start = libc.mmap(None, ctypes.c_size_t(8192), 3, 0x22, -1, ctypes.c_long(0))
    libc.munmap(ctypes.c_void_p(start + 4096), ctypes.c_size_t(4096))
    ctypes.memmove(start + 4096 - len(text), text, len(text))
    return start + 4096 - len(text)
open('file', 'w').close(); os.symlink('loop', 'loop'); os.symlink('file', 'link')
found = {{}}
for call in {[*expected]!r}:
    try: exec(call)
    except OSError as error: found[call] = errno.errorcode[error.errno]
    else: found[call] = '0'
print(found)
""")
    assert ast.literal_eval(ended.stdout) == expected


def test_link_that_is_swapped_never_leads_outside(jail: Jail) -> None:
    """While the init looks, the name is now a file of the jail and now a link to one outside."""
    victim = jail.make_outside("victim")
    done = jail.run(f"""{_CALLS}
import threading, time
victim = outside + '/victim'
open('inside', 'w').close()
os.symlink('inside', 'good'); os.symlink(victim, 'bad'); os.mkdir('folder'); open('folder/victim', 'w').close()
os.symlink('folder', 'place'); os.symlink(outside, 'bad place')
def flip(libc=ctypes.CDLL(None)):
    while True:
        for name in (b'good', b'bad'):
            libc.renameat2(-100, name, -100, b'name', 2) if os.path.lexists('name') else os.symlink('inside', 'name')
        libc.renameat2(-100, b'place', -100, b'bad place', 2)
threading.Thread(target=flip, daemon=True).start()
counts = {{}}
end = time.monotonic() + 3
while time.monotonic() < end:
    for path in ('name', 'place/victim', outside + '/../jail/data/name'):
        try: os.chmod(path, 0o600); os.utime(path, (9, 9)); word = 'done'
        except OSError as error: word = error.strerror
        counts[word] = counts.get(word, 0) + 1
print(counts)
""")
    assert is_untouched(victim)
    assert "'done'" in done.stdout  # it was the jail's own file often enough
    assert "'Operation not permitted'" in done.stdout  # and the other one


def test_hard_link_to_a_file_outside_cannot_be_made(jail: Jail) -> None:
    """It would be in the folder, and the same file."""
    victim = jail.make_outside("victim")
    ended = jail.run(
        "import os\ntry: os.link(outside + '/victim', 'mine')\nexcept OSError as error: print(error.errno)"
    )
    assert ended.stdout in ("13\n", "18\n")
    assert victim.stat().st_nlink == 1


def test_mount_in_the_folder_is_not_the_folder(jail: Jail) -> None:
    """What somebody has mounted there is the host's."""
    victim = jail.make_outside("victim")
    place = jail.folder / "data" / "mounted"
    place.mkdir()
    subprocess.run(["mount", "--bind", jail.outside, place], check=True)
    try:
        ended = jail.run(
            "import os\ntry: os.chmod('mounted/victim', 0o600)\nexcept OSError as error: print(error.errno)"
        )
    finally:
        subprocess.run(["umount", place], check=True)
    assert ended.stdout == "1\n"
    assert is_untouched(victim)
