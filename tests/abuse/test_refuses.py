"""Promise 7: it refuses, it never degrades. What cannot be held is not run, and no text of anybody's runs before the last lock."""

import errno
import json

import pytest

from tests.abuse.box import LOOK, USER, Box

INNER = """
import asyncio, sys
from plugcli.errors import SandboxUnavailable
from plugcli.sandbox import Policy, Sandbox
async def main():
    try:
        async with Sandbox(Policy(memory_bytes=64 << 20), spares=0) as sandbox:
            print((await sandbox.run("print('it ran')")).stdout, end='')
    except SandboxUnavailable as e: print(type(e).__name__, e, '/', e.hint)
asyncio.run(main())
"""


@pytest.mark.row("H22")
def test_sandbox_in_a_sandbox_refuses(box: Box) -> None:
    """Somebody else's sandbox, or our own, gives no namespaces: a plain refusal, and the code is not run without them."""
    done = box.host(
        f"""
import glob, shutil
INNER = {INNER!r}
[packages] = glob.glob('/mnt/venv/lib/python3*/site-packages')
shutil.copytree('/mnt/plugcli/plugcli/sandbox', packages + '/plugcli/sandbox')
for name in ('__init__.py', 'errors.py'): shutil.copy('/mnt/plugcli/plugcli/' + name, packages + '/plugcli')
print(subprocess.run([sys.executable, '-c', INNER], capture_output=True, text=True).stdout, end='')
async def main():
    async with Sandbox(SMALL) as sandbox:
        result = await sandbox.run(INNER)
        print(result.outcome, result.stdout, result.stderr)
asyncio.run(main())
""",
        with_venv=True,
    )
    outside, inside = done["stdout"].splitlines()[:2]
    assert outside == "it ran"
    if box.is_landlock:
        assert inside.startswith("error")
        assert "it ran" not in done["stdout"].partition("\n")[2]
        return
    assert inside.startswith("ok SandboxUnavailable the sandbox cannot be set up here: ")
    assert "Operation not permitted" in inside
    assert "it ran" not in inside


DOCKER = """
import errno
from plugcli.errors import SandboxUnavailable
from plugcli.sandbox.jail import libc, seccomp
def like_docker():
    # What a container's filter takes away, namespaces and mounts, and what an old one does: Landlock.
    taken = ('unshare', 'clone', 'landlock_create_ruleset')
    seccomp.RULES = tuple(rule for rule in seccomp.RULES if set(taken) & set(rule.calls.split()))
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    libc.make([libc.seccomp_filter_call(seccomp.program(os.uname().machine))])
"""


@pytest.mark.row("H22")
def test_container_without_namespaces_and_landlock_is_refused(box: Box) -> None:
    """Docker's filter forbids namespaces, and an old one Landlock too. What runs there instead of a jail is nothing."""
    program = f"""{DOCKER}
async def main(restrict):
    if restrict: like_docker()
    try:
        async with Sandbox(SMALL, spares=0) as sandbox:
            result = await sandbox.run("open('ran', 'w').close(); print('it ran')")
            print(result.stdout, end='')
    except SandboxUnavailable as e: print(e, '/', e.hint)
asyncio.run(main(False))
asyncio.run(main(True))
print(os.path.exists('ran'))
"""
    free, restricted, ran = box.host(program)["stdout"].splitlines()
    assert (free, ran) == ("it ran", "False")
    assert restricted.startswith("the sandbox cannot be set up here: ")
    assert " filter" in restricted  # what stands in the way is named


@pytest.mark.row("H23")
def test_launch_that_fails_after_a_good_start_runs_nothing(box: Box) -> None:
    """The probe is a real launch; when a later one fails all the same, that run is refused and its text goes nowhere."""
    program = """
import resource
from plugcli.errors import SandboxUnavailable
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        print((await sandbox.run('print(1)')).stdout, end='')
        here = launcher()
        resource.prlimit(int(here.name), resource.RLIMIT_NOFILE, (13, 13))  # now no new zygote can open what it must
        for zygote in (here / 'task' / here.name / 'children').read_text().split(): os.kill(int(zygote), 9)
        try: print((await sandbox.run("print('it ran')")).stdout)
        except SandboxUnavailable as e: print('refused')
asyncio.run(main())
"""
    assert box.host(LOOK + program)["stdout"] == "1\nrefused\n"


@pytest.mark.row("H24")
def test_start_up_files_of_another_venv_run_behind_the_last_lock(box: Box) -> None:
    """sitecustomize and .pth files run before any program, as whoever starts Python: outside a jail that could be root."""
    program = """
import glob
[packages] = glob.glob('/mnt/venv/lib/python3*/site-packages')
START_UP = '''
import os, sys
status = dict(line.split(':', 1) for line in open('/proc/self/status'))
text = f"{__name__} {status['Seccomp'].strip()} {int(status['CapBnd'], 16)} {os.getuid()}"
try: print(text, file=open('/mnt/venv/lib/log', 'a'))
except OSError: pass
print(text, file=sys.stderr)
'''
open(packages + '/sitecustomize.py', 'w').write(START_UP)
open(packages + '/start_up.py', 'w').write(START_UP)
open(packages + '/start_up.pth', 'w').write('import start_up')
subprocess.run([sys.executable, '-c', 'pass'], stderr=subprocess.DEVNULL)
control = open('/mnt/venv/lib/log').read()
async def main():
    async with Sandbox(SMALL, python='/mnt/venv/bin/python3') as sandbox:
        result = await sandbox.run("import sys; print('start_up' in sys.modules)")
        print(json.dumps([result.stdout, result.stderr, control, open('/mnt/venv/lib/log').read()]))
asyncio.run(main())
"""
    stdout, stderr, control, after = json.loads(box.host(program, with_venv=True)["stdout"])
    assert control.startswith("start_up 0 ")
    assert stdout == "True\n"
    assert {line.partition(" ")[2] for line in stderr.splitlines()} == {"2 0 1000"}
    assert after == control  # nothing of it ran where it could write


@pytest.mark.row("H24")
def test_start_up_files_and_libraries_of_our_own_venv_run_without_root_and_host(box: Box) -> None:
    """They run once, in the zygote, and plugcli itself has run them already: but never as root here, nor with files or a network."""
    program = """
import glob, time
[packages] = glob.glob('/mnt/venv/lib/python3*/site-packages')
open(packages + '/start_up.py', 'w').write('''
import os, socket
uids = open('/proc/self/uid_map').read().split()
facts = [os.path.exists(path) for path in ('/mnt/venv', '/root', '/home/sandbox', '/mnt/plugcli')]
facts += [int(uids[1]) + os.getuid() - int(uids[0]), [name for _, name in socket.if_nameindex()], len(os.environ.get('KEPT', ''))]
try: open('/mnt/venv/lib/log', 'a')
except OSError as error: facts.append(error.errno)
''')
open(packages + '/start_up.pth', 'w').write('import start_up')
os.environ['KEPT'] = 'a secret'
async def main():
    async with Sandbox(SMALL, preload=['start_up']) as sandbox:
        for code in ("import start_up; print(start_up.facts)", "import sys; print(sys.modules['start_up'].facts)"):
            print((await sandbox.run(code)).stdout, end='')
asyncio.run(main())
"""
    bare, preloaded = box.host(program, with_venv=True)["stdout"].splitlines()
    assert bare.partition("[")[2] == preloaded.partition("[")[2]
    *seen, uid, interfaces, secret, code = json.loads(
        bare.replace("'", '"').replace("True", "true").replace("False", "false")
    )
    assert seen == [True, False, True, False]
    assert uid >= 0x70000000 if box.who == "root" else uid == USER
    assert (interfaces, secret, code) == (["lo"], 0, errno.EROFS)
