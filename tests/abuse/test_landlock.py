"""What only the level of Landlock has to hold: no mounts and no namespaces stand behind it."""

import json

import pytest

from tests.abuse.box import Box
from tests.abuse.conftest import box_of


@pytest.fixture(params=["root", "user"])
def landlock_box(request: pytest.FixtureRequest) -> Box:
    """The sandbox where namespaces are taken away."""
    return box_of(request.param, "landlock")


OUTSIDE_ITS_PLACES = """
import json, os
def denied(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        return True
    return False
print(json.dumps({
    'rename shm': denied(os.rename, '../shm', '../moved'),
    'rename tmp': denied(os.rename, '../tmp', '../moved'),
    'new folder': denied(os.mkdir, '../more'),
    'new file': denied(open, '../more', 'w'),
    'list': denied(os.listdir, '..'),
    'list all jails': denied(os.listdir, '../..'),
    'open its mode': denied(os.chmod, '..', 0o777),
}))
"""


@pytest.mark.row("F9")
@pytest.mark.row("F17")
def test_code_cannot_change_what_is_around_its_folders(landlock_box: Box) -> None:
    """The init opens its folders by name, and the quota counts them by name: others beside them would be in no count."""
    answer = landlock_box.inside(OUTSIDE_ITS_PLACES, with_facts=False)
    assert answer["stderr"] == ""
    assert set(json.loads(answer["stdout"]).values()) == {True}, answer["stdout"]


def test_attributes_of_files_cannot_be_read_by_name(landlock_box: Box) -> None:
    """Browsers write into them where a file came from. Landlock does not cover them."""
    code = "import os\ntry: print(os.listxattr('/usr/bin'))\nexcept OSError as error: print(error.errno)"
    assert landlock_box.inside(code, with_facts=False)["stdout"] == "95\n"


@pytest.mark.row("C15")
def test_code_cannot_outlive_an_init_that_is_killed(landlock_box: Box) -> None:
    """PR_SET_PDEATHSIG is what ends the interpreter then, so the code must not clear it."""
    code = "import ctypes\nprint(ctypes.CDLL(None, use_errno=True).prctl(1, 0, 0, 0, 0), ctypes.get_errno())"
    assert landlock_box.inside(code, with_facts=False)["stdout"] == "-1 1\n"


@pytest.mark.row("F22")
def test_libraries_learn_which_system_this_is(landlock_box: Box) -> None:
    """pip asks for the distribution at each start: EACCES from a file that exists would end it, where ENOENT does not."""
    code = """
import os, platform
names = ['/etc/os-release', '/etc/debian_version', '/etc/nsswitch.conf', '/etc/services']
for name in names:
    if os.path.exists(name): open(name).read(1)
print(bool(platform.freedesktop_os_release()))
"""
    assert landlock_box.inside(code, with_facts=False)["stdout"] == "True\n"


@pytest.mark.row("E14")
def test_error_about_the_usual_folders_says_where_the_files_are(landlock_box: Box) -> None:
    """Models write to /mnt/data by habit."""
    answer = landlock_box.inside("open('/mnt/data/table.csv')", with_facts=False)
    assert "No such file or directory: '/mnt/data/table.csv'" in answer["stderr"]
    assert "in this sandbox the working directory is " in answer["stderr"]


@pytest.mark.row("F17")
def test_files_of_a_process_whose_first_thread_has_ended_count(landlock_box: Box) -> None:
    """/proc shows nothing of such a process under its own number; its unlinked files are on the disk all the same."""
    code = """
import ctypes, os, threading, time
def fill():
    time.sleep(0.3)
    with open('unlinked', 'wb') as file:
        os.unlink('unlinked')
        while True: file.write(bytes(1 << 20))
if os.fork() == 0:
    threading.Thread(target=fill).start()
    ctypes.CDLL(None).syscall(60 if os.uname().machine == 'x86_64' else 93, 0)
time.sleep(15)
"""
    answer = landlock_box.inside(code, with_facts=False, workspace_bytes=64 << 20, memory_bytes=256 << 20)
    assert answer["reason"] == "out of space: the files of the code in the workspace took more than 64 MiB"
