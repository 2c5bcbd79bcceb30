"""Promise 2: no file of the host, no environment, nothing to write to but the jail's own."""

import os

import pytest

from tests.abuse.box import Box

SECRET = "the-host-keeps-this"
READ = """
for path in PATHS:
    try:
        print(path, open(path, 'rb').read()[:4000])
    except OSError as e:
        print(path, type(e).__name__)
"""


# What is in a folder, but for the way to the interpreter: this checkout may itself be in /tmp.
LISTING = """
import os, sys
def listing(folder):
    ours = (sys.prefix + '/', sys.base_prefix + '/')
    return [name for name in os.listdir(folder) if not any(prefix.startswith(f'{folder}/{name}/') for prefix in ours)]
"""


@pytest.mark.row("F1")
def test_system_files_are_made_up_or_missing(box: Box) -> None:
    """passwd names the host's users, machine-id the machine, shadow everything."""
    code = "PATHS = ['/etc/passwd', '/etc/shadow', '/etc/machine-id', '/etc/hosts', '/etc/fstab']" + READ
    assert "daemon" in box.outside(code)["stdout"]
    seen = box.inside(code)["stdout"]
    assert "daemon" not in seen
    if box.is_landlock:
        assert seen.count("PermissionError") == 5
        return
    assert "/etc/passwd b'sandbox:x:1000" in seen
    for path in ("/etc/shadow", "/etc/machine-id", "/etc/fstab"):
        assert f"{path} FileNotFoundError" in seen


@pytest.mark.row("F2")
def test_home_and_project_are_not_there(box: Box) -> None:
    """Not hidden, not filtered: never mounted."""
    code = "PATHS = [HOST['home'] + '/.ssh/id_ed25519', '/mnt/plugcli/pyproject.toml', HOST['path']]" + READ
    code += "\nimport os\nprint(os.listdir('/'), os.listdir('/home'), os.listdir('/root') if os.path.isdir('/root') else '')"
    assert SECRET in box.outside(code.replace("/home", "/"))["stdout"]
    seen = box.inside(code)["stdout"]
    assert SECRET not in seen
    if box.is_landlock:
        assert seen.count("PermissionError") == 3  # and the folders cannot be listed at all
        return
    assert seen.count("FileNotFoundError") == 3
    assert "['sandbox']" in seen


@pytest.mark.row("F3")
@pytest.mark.row("F4")
def test_environment_of_the_host_is_not_there(box: Box) -> None:
    """/proc shows what a process was started with, whatever it cleared since: so the launcher is started with none."""
    code = (
        "import os\nPATHS = ['/proc/self/environ', '/proc/1/environ', f'/proc/{os.getppid()}/environ']" + READ
    )
    code += "\nprint(os.environ)"
    assert SECRET in box.outside(code)["stdout"]
    seen = box.inside(code)["stdout"]
    assert SECRET not in seen
    assert "PLUGCLI" not in seen
    assert "/proc/1/environ PermissionError" in seen
    if box.is_landlock:
        assert seen.count("PermissionError") == 3
        assert "/0/home'" in seen
        return
    assert "/proc/self/environ b'LANG=C.UTF-8\\x00'" in seen
    assert "'HOME': '/home/sandbox'" in seen


@pytest.mark.row("F5")
def test_other_processes_lead_nowhere(box: Box) -> None:
    """/proc/PID/root, cwd and fd are doors into whatever that process sees, files that are not mounted here included."""
    code = """
import os
def look(pid):
    for name in ('root', 'cwd', 'fd', 'exe', 'ns/mnt', 'maps', 'mem'):
        path = f'/proc/{pid}/{name}'
        try:
            os.listdir(path) if name in ('root', 'cwd', 'fd') else os.close(os.open(path, os.O_RDONLY))
            yield 'open'
        except OSError as e:
            yield type(e).__name__
print(*look(PID))
"""
    stranger = code.replace("PID", "HOST['harness']")
    assert box.outside(stranger)["stdout"].split() == ["open"] * 7
    refusal = "PermissionError" if box.is_landlock else "FileNotFoundError"
    assert box.inside(stranger)["stdout"].split() == [refusal] * 7
    assert box.inside(code.replace("PID", "1"))["stdout"].split() == ["PermissionError"] * 7
    if box.is_landlock:
        assert "PermissionError" in box.inside("import os\nos.listdir('/proc')")["stderr"]
        return
    numbers = "import os\nprint([name for name in os.listdir('/proc') if name.isdigit()])"
    assert box.inside(numbers)["stdout"] == "['1', '2', '3']\n"  # the init, itself, and its twin


KERNEL_FILES = """
import os
for name in 'kallsyms keys key-users timer_list config.gz iomem ioports slabinfo vmallocinfo kpageflags locks'.split():
    try:
        print(name, 'content' if open('/proc/' + name, 'rb').read(10) else 'empty')
    except OSError as e:
        print(name, type(e).__name__)
for name in ('kmsg', 'sysrq-trigger'):
    try:
        descriptor = os.open('/proc/' + name, os.O_WRONLY if name == 'sysrq-trigger' else os.O_RDONLY)
        print(name, 'content' if os.fstat(descriptor).st_rdev == 0 else 'empty')
    except OSError as e:
        print(name, type(e).__name__)
for folder in ('/sys', '/sys/kernel', '/proc/acpi', '/proc/bus', '/proc/fs', '/proc/irq', '/proc/sysvipc', '/proc/tty'):
    try: print(folder, 'content' if os.path.isdir(folder) and os.listdir(folder) else 'empty')
    except PermissionError as e: print(folder, type(e).__name__)
"""


@pytest.mark.row("F6")
def test_kernel_files_are_masked(box: Box) -> None:
    """They tell of the machine, its keys and its addresses. Outside root reads nearly all of them and a user the rest."""
    control = box.outside(KERNEL_FILES)["stdout"]
    assert control.count("content") >= (12 if box.who == "root" else 8), control
    seen = box.inside(KERNEL_FILES)["stdout"]
    assert "content" not in seen
    assert seen.count("\n") == control.count("\n")


@pytest.mark.row("F10")
def test_host_file_cannot_be_linked_into_the_workspace(box: Box) -> None:
    """A hard link would be the file itself under a name of the code's: every file system here is another one."""
    code = """
import errno, os
for source in (HOST['home'] + '/.ssh/id_ed25519', '/usr/bin/id', os.__file__, '/dev/null', '/etc/hosts'):
    for place in PLACES:
        try:
            os.link(source, place + '/linked')
            os.unlink(place + '/linked')
            print('linked')
        except OSError as e:
            print(errno.errorcode[e.errno])
"""
    assert box.outside(f"PLACES = [HOST['home']]{code}")["stdout"].split()[0] == "linked"
    places = f"import os\nPLACES = [os.getcwd(), os.environ['TMPDIR'], '/dev/shm']{code}"
    seen = box.inside(places)["stdout"].split()
    if box.is_landlock:
        assert len(seen) == 15
        assert set(seen) <= {"EXDEV", "EACCES", "EPERM"}
        return
    assert seen == ["ENOENT"] * 3 + ["EXDEV"] * 12


@pytest.mark.row("F12")
@pytest.mark.row("F17")
@pytest.mark.parametrize(
    ("how", "answers"),
    [
        ("ftruncate", {"EFBIG"}),  # sparse: costs its maker nothing and whoever copies it everything
        ("posix_fallocate", {"EFBIG"}),
        ("many", {"ENOSPC"}),  # a limit on each file is no limit
    ],
)
def test_large_files_meet_the_limits(box: Box, how: str, answers: set[str]) -> None:
    """One that is larger than the limit of a file, or many that are larger than the workspace, end in the code's own error."""
    code = f"""
import errno, os
seen = set()
for number in range(10):
    descriptor = os.open(f'{{PLACE}}/{{number}}', os.O_CREAT | os.O_WRONLY)
    try:
        if {how!r} == 'ftruncate': os.ftruncate(descriptor, 1 << 29)
        elif {how!r} == 'posix_fallocate': os.posix_fallocate(descriptor, 0, 128 << 20)
        else: os.posix_fallocate(descriptor, 0, 20 << 20)
    except OSError as e: seen.add(errno.errorcode[e.errno])
    os.close(descriptor)
    if {how!r} != 'many': os.unlink(f'{{PLACE}}/{{number}}')
print(*seen, sum(os.stat(f'{{PLACE}}/{{n}}').st_size for n in range(10) if {how!r} == 'many') >> 20)
for number in range(10):
    if {how!r} == 'many': os.unlink(f'{{PLACE}}/{{number}}')
"""
    control = box.outside(f"PLACE = HOST['home']{code}")["stdout"].split()
    assert control == ["200" if how == "many" else "0"]
    result = box.inside(f"PLACE = '.'{code}", memory_bytes=96 << 20)
    if box.is_landlock and how != "ftruncate":
        assert (result["outcome"], result["left"]) == ("out_of_memory", [])
        assert result["reason"].startswith("out of space: ")
        return
    seen = result["stdout"].split()
    assert set(seen[:-1]) == answers
    assert int(seen[-1]) <= 48


@pytest.mark.row("F13")
def test_many_tiny_files_meet_the_limit_of_files(box: Box) -> None:
    """An empty file takes no room and a kilobyte of the kernel's memory: files are counted, too."""
    code = """
import errno, os
count = 0
try:
    for count in range(12000): os.close(os.open(f'{PLACE}/{count}', os.O_CREAT | os.O_WRONLY))
except OSError as e: print(errno.errorcode[e.errno])
print(count)
"""
    control = "import tempfile\nwith tempfile.TemporaryDirectory() as PLACE:" + code.replace("\n", "\n    ")
    assert box.outside(control)["stdout"].split() == ["11999"]
    places = ["'.'", "os.environ['TMPDIR']"]
    if (
        not box.is_landlock
    ):  # there only shared memory and semaphores can be made in /dev/shm, by their own names
        places.append("'/dev/shm'")
    for place in places:
        result = box.inside(f"import os\nPLACE = {place}{code}", memory_bytes=64 << 20)
        if box.is_landlock:
            assert (result["outcome"], result["left"]) == ("out_of_memory", [])
            assert result["reason"].startswith("out of space: ")
            continue
        seen = result["stdout"].split()
        assert seen[0] == "ENOSPC"
        assert int(seen[1]) < 3000


@pytest.mark.row("F14")
@pytest.mark.row("F20")
def test_what_cannot_be_deleted_is_gone_all_the_same(box: Box) -> None:
    """Deep, closed or immutable folders make a clean-up by path fail; here the file system itself goes with its namespace."""
    code = """
import fcntl, os, shutil, subprocess
top = os.getcwd()
os.mkdir('deep')
os.chdir('deep')
for _ in range(1500):
    os.mkdir('d')
    os.chdir('d')
os.chdir(top)
os.makedirs('closed/inner')
open('closed/inner/file', 'w').close()
folder = os.open('closed/inner', os.O_RDONLY)
def immutable(wanted):
    flags = bytearray(8)
    try:
        fcntl.ioctl(folder, 0x80086601, flags)  # FS_IOC_GETFLAGS, then FS_IOC_SETFLAGS
        number = int.from_bytes(flags, 'little') & ~0x10 | wanted * 0x10
        fcntl.ioctl(folder, 0x40086602, number.to_bytes(8, 'little'))
    except OSError: pass  # root's to do
immutable(True)
os.chmod('closed', 0)
for name in ('deep', 'closed'):
    try:
        shutil.rmtree(name)
        print('deleted')
    except (OSError, RecursionError): print('left')
if IS_CONTROL:
    immutable(False)
    if os.path.exists('closed'): os.chmod('closed', 0o700)
    subprocess.run(['rm', '-rf', 'deep', 'closed'], check=True)
"""
    control = box.outside(f"IS_CONTROL = True\n{code}")["stdout"].split()
    # Docker leaves root no right to make files immutable, and no mode closes a folder to root: the deep one is left.
    assert control[not (box.is_landlock and box.who == "root")] == "left"
    after = f"{LISTING}\nprint(listing('.'), listing(os.environ['TMPDIR']))"
    result = box.inside(f"IS_CONTROL = False\n{code}", then=after)
    assert result["outcome"] == "ok", result["stderr"]
    assert result["then"]["stdout"] == "[] ['code.py']\n"
    assert result["left"] == []


@pytest.mark.row("F21")
def test_leftovers_are_not_there_for_the_next_run(box: Box) -> None:
    """Every place where a program may leave something is another one for each run."""
    places = """
import os, subprocess, sys
places = [p + '/left-by-' + HOST['abstract'] for p in ('/tmp', '/var/tmp', '/dev/shm', '/mnt/data', '/run/lock', '/dev/mqueue', HOME)]
"""
    leave = """
for place in places:
    try: open(place, 'w').close()
    except OSError: pass
"""
    find = "print([os.path.exists(place) for place in places])"
    tidy = "\nfor place in places:\n    if os.path.exists(place): os.unlink(place)"
    outside_places = places.replace("HOME", "HOST['home']").replace("'/mnt/data', ", "")
    another = f"\nsubprocess.run([sys.executable, '-c', f'import os; places = {{places}}; ' + {find!r}])"
    control = box.outside(outside_places + leave + another + tidy)["stdout"]
    assert control.startswith("[True, True, True, ")
    assert control.endswith("True]\n")
    places = places.replace("HOME", "'/home/sandbox'")
    result = box.inside(places + leave + find, then=places.replace("HOST['abstract']", "''") + find)
    if box.is_landlock:
        assert result["stdout"] == f"{[False] * 7}\n"  # all of them are the host's
        return
    assert result["stdout"] == "[True, True, True, True, False, False, True]\n"
    listing = f"{LISTING}\nprint([listing(p) for p in ('/var/tmp', '/dev/shm', '/mnt/data', '/home/sandbox', '/tmp')])"
    again = box.inside(places + leave, then=listing)
    assert again["then"]["stdout"] == "[[], [], [], [], ['code.py']]\n"


@pytest.mark.row("F22")
def test_interpreter_cannot_be_written(box: Box) -> None:
    """A .pth or sitecustomize left in site-packages would run in the next session, or as the user."""
    code = """
import errno, os, sys
places = [sys.prefix + '/lib/python3.11/site-packages/x.pth', os.__file__, sys.prefix + '/bin/x', '/usr/lib/x', '/usr/bin/x']
places += ['/x', '/etc/x', '/lib/x']
for place in places:
    is_new = not os.path.exists(place)
    try:
        open(place, 'ab').close()
        print('written')
    except OSError as e:
        print('refused' if e.errno in (errno.EROFS, errno.EACCES) else e.errno)
    else:
        if is_new: os.unlink(place)
for writable in (os.environ['HOME'], os.environ['TMPDIR'], '.'):
    open(writable + '/x', 'w').close()
    os.unlink(writable + '/x')
print('own')
"""
    assert "written" in box.outside(code.replace("os.__file__, ", ""), with_venv=True)["stdout"]
    seen = box.inside(code, with_venv=True)["stdout"].split()
    assert seen == ["refused"] * 8 + ["own"]


@pytest.mark.row("F22")
def test_file_of_the_interpreter_cannot_be_changed_through_proc(box: Box) -> None:
    """/proc/self/exe leads round the read-only mounts. The user's own interpreter was made setuid from inside, as in CVE-2019-5736."""
    code = """
import errno, os, subprocess, sys
descriptor = os.open('/proc/self/exe', os.O_RDONLY)
def attempt(what):
    try:
        what()
        return 'done'
    except OSError as e: return errno.errorcode[e.errno]
print(attempt(lambda: os.fchmod(descriptor, 0o4755)), attempt(lambda: os.chmod('/proc/self/exe', 0o4755)))
print(attempt(lambda: os.utime('/proc/self/exe', (1, 1))), attempt(lambda: os.utime(descriptor)))
print(attempt(lambda: os.setxattr(descriptor, 'user.plugcli', b'x')), attempt(lambda: os.open('/proc/self/exe', os.O_WRONLY)))
print(oct(os.fstat(descriptor).st_mode), subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True).stdout)
"""
    control = box.outside(code, with_home=True)["stdout"].split()
    assert control[:4] == ["done"] * 4
    assert control[6] == "0o104755"
    seen = box.inside(code, with_home=True)["stdout"].split()
    assert set(seen[:6]) <= {
        "EROFS",
        "EPERM",
        "EACCES",
        "ETXTBSY",
        "ENOTSUP",  # attributes, for all files
        *(["ELOOP"] if box.is_landlock else []),  # the init follows no link of /proc for the code
    }
    assert seen[6:] == ["0o100755", "b'42\\n'"]


@pytest.mark.row("F24")
def test_devices_are_the_harmless_ones(box: Box) -> None:
    """No terminal, no disk, no kernel memory, no virtual machines."""
    code = "import os\nprint(sorted(os.listdir('/dev')))\nopen('/dev/null', 'w').write('x')\nprint(len(open('/dev/urandom', 'rb').read(8)))"
    assert "'kmsg'" in box.outside(code)["stdout"]
    if box.is_landlock:
        _assert_devices_of_landlock(box)
        return
    expected = ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"]
    assert box.inside(code)["stdout"] == f"{expected}\n8\n"


def _assert_devices_of_landlock(box: Box) -> None:
    code = """
import os
for name in NAMES:
    try: os.close(os.open('/dev/' + name, os.O_RDONLY | os.O_NONBLOCK))
    except OSError: continue
    print(name)
"""
    names = box.outside("import os\nprint(sorted(os.listdir('/dev')))", with_facts=False)["stdout"]
    seen = box.inside(f"NAMES = {names}{code}")["stdout"].split()
    assert set(seen) <= {"fd", "full", "null", "random", "urandom", "zero", "stdin", "stdout", "stderr"}
    assert {"null", "urandom"} <= set(seen)


@pytest.mark.row("F23")
def test_start_up_files_of_the_user_are_out_of_reach(box: Box) -> None:
    """What the user's shell, git, cron and systemd run at their next start would be the code's escape."""
    code = """
import os
names = ['.bashrc', '.profile', '.gitconfig', '.config/systemd/user/x.service', '.config/autostart/x.desktop', 'project/.git/hooks/x']
for name in names:
    path = HOST['home'] + '/' + name
    try:
        if IS_CONTROL: os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, 'a').close()
        print('written')
    except OSError as e: print(e.errno)
for path in ('/etc/cron.d/x', '/etc/profile.d/x', '/var/spool/cron/crontabs/x', '/etc/ld.so.preload'):
    if not IS_CONTROL:
        try: open(path, 'a').close()
        except OSError as e: print(e.errno)
"""
    assert box.outside(f"IS_CONTROL = True{code}")["stdout"].split() == ["written"] * 6
    assert set(box.inside(f"IS_CONTROL = False{code}")["stdout"].split()) <= {"2", "13", "30"}


@pytest.mark.row("F25")
@pytest.mark.row("H15")
def test_cgroups_and_sysfs_are_not_there(box: Box) -> None:
    """Whoever writes its own cgroup has no limits, and a release_agent runs on the host. Outside, that is root's to do."""
    code = """
import glob, os
files = glob.glob('/sys/fs/cgroup/**/cgroup.procs', recursive=True) + glob.glob('/sys/fs/cgroup/*/release_agent')
print(os.path.isdir('/sys'), any(os.access(path, os.W_OK) for path in files))
print({line.rpartition(':')[2] for line in open('/proc/self/cgroup').read().split()})
print(any(word in line for line in open('/proc/mounts') for word in (' cgroup', ' sysfs ', ' debugfs ', ' tracefs ')))
"""
    control = box.outside(code)["stdout"].split()
    assert control[:2] == ["True", str(box.who == "root")]
    assert control[-1] == "True"
    if box.is_landlock:
        assert box.inside(code)["stdout"] == "True False\n"  # and the next file may not be read
        return
    assert box.inside(code)["stdout"] == "False False\n{'/'}\nFalse\n"


@pytest.mark.row("F26")
def test_leases_and_notices_on_host_files_are_refused(box: Box) -> None:
    """A lease on a file that is the user's own makes the host's next open of it wait for 45 seconds; a notice tells of that open.

    Locks stay, because sqlite needs them: two runs that want to can talk through a lock on a file that both see. SECURITY.md says so.
    """
    code = """
import errno, fcntl, os
file = os.open(os.__file__, os.O_RDONLY)
folder = os.open(os.path.dirname(os.__file__), os.O_RDONLY)
for how in ((file, fcntl.F_SETLEASE, fcntl.F_RDLCK), (file, fcntl.F_SETLEASE, fcntl.F_WRLCK), (folder, fcntl.F_NOTIFY, fcntl.DN_ACCESS)):
    try:
        fcntl.fcntl(*how)
        print('done')
    except OSError as e: print(errno.errorcode[e.errno])
with open('own', 'w') as own:
    fcntl.flock(own, fcntl.LOCK_EX)
    fcntl.lockf(own, fcntl.LOCK_EX)
    print('locked')
"""
    assert box.outside(code, with_home=True)["stdout"].split() == ["done"] * 3 + ["locked"]
    assert box.inside(code, with_home=True)["stdout"].split() == ["EPERM"] * 3 + ["locked"]


@pytest.mark.row("F27")
def test_files_cannot_be_opened_by_handle(box: Box) -> None:
    """A handle names a file on its file system wherever that is mounted: root's way out of Docker in 2014 (shocker)."""
    number = {"x86_64": (303, 304), "aarch64": (264, 265)}[os.uname().machine]
    code = f"""
import ctypes, errno, os, struct
libc = ctypes.CDLL(None, use_errno=True)
handle = ctypes.create_string_buffer(struct.pack('Ii', 128, 0) + bytes(128))
mount = ctypes.c_int()
path = os.path.realpath('/etc/alternatives').encode()
named = libc.syscall({number[0]}, -100, path, handle, ctypes.byref(mount), 0)
print('named' if named == 0 else errno.errorcode[ctypes.get_errno()])
opened = libc.syscall({number[1]}, os.open(path, os.O_RDONLY), handle, os.O_RDONLY)
print('opened' if opened >= 0 else errno.errorcode[ctypes.get_errno()])
"""
    # Outside, too, only root may open by handle; an ordinary user gets the name.
    assert box.outside(code)["stdout"].split() == ["named", "opened" if box.who == "root" else "EPERM"]
    assert box.inside(code)["stdout"].split() == ["EPERM", "EPERM"]


@pytest.mark.row("F29")
def test_nothing_appears_in_the_users_folders(box: Box) -> None:
    """Mount points and temporary files that a sandbox leaves beside the user's work are the user's to clean up."""
    assert "ghost" in box.outside("open('ghost', 'w').close()")["made"]
    done = box.host("""
def listing():
    folders = (os.getcwd(), os.environ['HOME'], os.path.dirname(sys.executable))
    return [sorted(os.path.join(*part) for top in folders for part in ((here, name) for here, _, names in os.walk(top) for name in names))]
async def main():
    before = listing()
    async with Sandbox(SMALL) as sandbox:
        result = await sandbox.run("import os; os.makedirs('a/.git'); open('ghost', 'w'); open(os.path.expanduser('~/x'), 'w')")
        during = listing()
        await sandbox.run("import time; time.sleep(9)", wall_seconds=0.3)
    print(result.outcome, before == during == listing())
asyncio.run(main())
""")
    assert done["stdout"] == "ok True\n"


@pytest.mark.row("F30")
def test_modes_times_and_owners_of_host_files_stay(box: Box) -> None:
    """No rule of Landlock's covers them, and to an ordinary user's jail the user's files belong: a mode of 0 locks the owner out."""
    code = """
import errno, os
secret = HOST['home'] + '/.ssh/id_ed25519'
def attempt(what):
    try: what()
    except OSError as e: return errno.errorcode[e.errno]
    return 'done'
for path in (secret, os.path.dirname(secret)):
    print(attempt(lambda: os.chmod(path, 0o700)), attempt(lambda: os.utime(path, (1, 1))), attempt(lambda: os.chown(path, os.getuid(), -1)))
    print(attempt(lambda: os.utime(path, ns=(1, 1), follow_symlinks=False)), attempt(lambda: os.removexattr(path, 'user.x')))
os.symlink(secret, 'link')
print(attempt(lambda: os.chmod('link', 0o700)), attempt(lambda: os.utime('link', (1, 1))), attempt(lambda: os.truncate('link', 0)))
"""
    control = box.outside(code)["stdout"].split()
    assert control == ["done", "done", "done", "done", "ENODATA"] * 2 + ["done"] * 3
    seen = box.inside(code)["stdout"].split()
    assert len(seen) == 13
    assert set(seen) <= ({"EACCES", "EPERM", "ENOTSUP"} if box.is_landlock else {"ENOENT", "EROFS"})


@pytest.mark.row("F31")
def test_host_files_can_be_asked_after_only_without_mounts(box: Box) -> None:
    """What is not mounted is not there. Landlock refuses to open a file, but not to say that it exists, and SECURITY.md says so."""
    code = """
import os
try: print('there', os.stat(HOST['home'] + '/.ssh/id_ed25519').st_size)
except (FileNotFoundError, PermissionError) as e: print(type(e).__name__)
"""
    there = f"there {len(SECRET)}\n"
    assert box.outside(code)["stdout"] == there
    # As root the jail's own uid cannot pass a folder that is closed to others.
    landlock = there if box.who == "user" else "PermissionError\n"
    assert box.inside(code)["stdout"] == (landlock if box.is_landlock else "FileNotFoundError\n")
