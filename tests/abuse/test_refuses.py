"""Promise 7: it refuses, it never degrades. What cannot be held is not run, and no text of anybody's runs before the last lock."""

import json

import pytest

from tests.abuse.box import LOOK, Box

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
    assert inside.startswith("ok SandboxUnavailable the sandbox cannot be set up here: ")
    assert "Operation not permitted" in inside
    assert "it ran" not in inside


DOCKER = """
import errno
from plugcli.errors import SandboxUnavailable
from plugcli.sandbox.jail import libc, seccomp
def like_docker():
    # What a container's filter takes away: namespaces and mounts.
    seccomp.RULES = tuple(rule for rule in seccomp.RULES if 'unshare' in rule.calls or 'clone' in rule.calls.split())
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    libc.set_seccomp_filter(seccomp.program(os.uname().machine))
"""


@pytest.mark.row("H22")
def test_container_without_namespaces_is_refused(box: Box) -> None:
    """Docker's filter forbids namespaces. What runs there instead of a jail is nothing."""
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
    assert "never with --privileged" in restricted


@pytest.mark.row("H23")
def test_launch_that_fails_after_a_good_start_runs_nothing(box: Box) -> None:
    """The probe is a real launch; when a later one fails all the same, that run is refused and its text goes nowhere."""
    program = """
import resource
from plugcli.errors import SandboxUnavailable
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        print((await sandbox.run('print(1)')).stdout, end='')
        resource.prlimit(int(launcher().name), resource.RLIMIT_NOFILE, (6, 6))  # now it cannot even make a pipe
        try: print((await sandbox.run("print('it ran')")).stdout)
        except SandboxUnavailable as e: print('refused')
asyncio.run(main())
"""
    assert box.host(LOOK + program)["stdout"] == "1\nrefused\n"


@pytest.mark.row("H24")
@pytest.mark.parametrize("python", ["sys.executable", "'/mnt/venv/bin/python3'"], ids=["own", "named"])
def test_start_up_files_of_a_venv_run_behind_the_last_lock(box: Box, python: str) -> None:
    """sitecustomize and .pth files run before any program, as whoever starts Python: outside a jail that could be root."""
    program = f"""
import glob
[packages] = glob.glob('/mnt/venv/lib/python3*/site-packages')
START_UP = '''
import os, sys
status = dict(line.split(':', 1) for line in open('/proc/self/status'))
text = f"{{__name__}} {{status['Seccomp'].strip()}} {{int(status['CapBnd'], 16)}} {{os.getuid()}}"
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
    async with Sandbox(SMALL, python={python}) as sandbox:
        result = await sandbox.run("import sys; print('start_up' in sys.modules)")
        print(json.dumps([result.stdout, result.stderr, control, open('/mnt/venv/lib/log').read()]))
asyncio.run(main())
"""
    stdout, stderr, control, after = json.loads(box.host(program, with_venv=True)["stdout"])
    assert control.startswith("start_up 0 ")
    assert stdout == "True\n"
    assert {line.partition(" ")[2] for line in stderr.splitlines()} == {"2 0 1000"}
    assert after == control  # nothing of it ran where it could write
