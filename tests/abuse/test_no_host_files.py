"""Promise 2: no file of the host, no environment, nothing to write to but the jail's own."""

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


@pytest.mark.row("F1")
def test_system_files_are_made_up_or_missing(box: Box) -> None:
    """passwd names the host's users, machine-id the machine, shadow everything."""
    code = "PATHS = ['/etc/passwd', '/etc/shadow', '/etc/machine-id', '/etc/hosts', '/etc/fstab']" + READ
    assert "daemon" in box.outside(code)["stdout"]
    seen = box.inside(code)["stdout"]
    assert "daemon" not in seen
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
    assert seen.count("FileNotFoundError") == 3
    assert "['sandbox']" in seen


@pytest.mark.row("F3")
@pytest.mark.row("F4")
def test_environment_of_the_host_is_not_there(box: Box) -> None:
    """/proc shows what a process was started with, whatever it cleared since: so the launcher is started with the jail's."""
    code = (
        "import os\nPATHS = ['/proc/self/environ', '/proc/1/environ', f'/proc/{os.getppid()}/environ']" + READ
    )
    code += "\nprint(os.environ)"
    assert SECRET in box.outside(code)["stdout"]
    seen = box.inside(code)["stdout"]
    assert SECRET not in seen
    assert "PLUGCLI" not in seen
    assert "/proc/1/environ PermissionError" in seen
    assert "HOME=/home/sandbox" in seen


@pytest.mark.row("F22")
def test_interpreter_cannot_be_written(box: Box) -> None:
    """A .pth or sitecustomize left in site-packages would run in the next session, or as the user."""
    code = """
import errno, os, sys
places = [sys.prefix + '/lib/python3.11/site-packages/x.pth', os.__file__, sys.prefix + '/bin/x', '/usr/lib/x', '/usr/bin/x']
places += ['/x', '/etc/x', '/lib/x']
for place in places:
    try:
        open(place, 'ab').close()
        print('written')
    except OSError as e:
        print('refused' if e.errno in (errno.EROFS, errno.EACCES) else e.errno)
for writable in (os.environ['HOME'], os.environ['TMPDIR'], '.'):
    open(writable + '/x', 'w').close()
print('own')
"""
    assert "written" in box.outside(code.replace("os.__file__, ", ""), with_venv=True)["stdout"]
    seen = box.inside(code, with_venv=True)["stdout"].split()
    assert seen == ["refused"] * 8 + ["own"]


@pytest.mark.row("F24")
def test_devices_are_the_harmless_ones(box: Box) -> None:
    """No terminal, no disk, no kernel memory, no virtual machines."""
    code = "import os\nprint(sorted(os.listdir('/dev')))\nopen('/dev/null', 'w').write('x')\nprint(len(open('/dev/urandom', 'rb').read(8)))"
    assert "'kmsg'" in box.outside(code)["stdout"]
    expected = ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"]
    assert box.inside(code)["stdout"] == f"{expected}\n8\n"
