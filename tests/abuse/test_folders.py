"""Promises 3 and 6 where jails have folders on the machine's disk: hostile folders go wholly, and nothing beside them is touched."""

import pytest

from tests.abuse import here
from tests.abuse.box import Box
from tests.abuse.conftest import LEVELS, WHOS, box_of

HOSTILE = """
import os
def deep():
    for _ in range(2000):
        os.mkdir('d' * 255)
        os.chdir('d' * 255)
        open('f' * 255, 'w').close()
top = os.getcwd()
deep()
os.chdir(top)
os.makedirs('closed/in/closed')
for path in ('closed/in/closed', 'closed/in', 'closed'): os.chmod(path, 0)
os.mkfifo('fifo')
os.symlink('/etc', 'etc')
os.symlink('/etc/passwd', 'passwd')
os.symlink(os.getcwd(), 'here')
open('file', 'w').write('x')
for n in range(100): os.link('file', f'name {n}')
with open('sparse', 'wb') as file: file.truncate(20 << 20)
for n in range(1200): open(f'many {n}', 'w').close()
os.mkdir('wide')
for n in range(700): os.makedirs(f'wide/{n}/in')
for name in ('tmp', 'home', 'shm'): os.chmod(f'../{name}', 0)
try: os.chmod('..', 0)
except PermissionError: pass
os.chmod('.', 0)
print('made')
"""


@pytest.fixture(params=WHOS)
def on_disk(request: pytest.FixtureRequest) -> Box:
    """The box at the level whose jails have folders."""
    if here.IS_HERE and "landlock" not in LEVELS:
        pytest.skip("this place has the level whose jails have no folders")
    return box_of(request.param, "landlock")


LEFT = """
import stat, tempfile
def left():
    return [name for name in os.listdir(tempfile.gettempdir()) if name.startswith('plugcli-')]
def of_jails():
    (top,) = left()
    return [name for name in os.listdir(f'{tempfile.gettempdir()}/{top}') if name.isdigit()]
async def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline: await asyncio.sleep(0.02)
    return condition()
"""


@pytest.mark.row("F14")
@pytest.mark.row("F20")
def test_hostile_folder_is_removed_wholly(on_disk: Box) -> None:
    """Modes, depths, names, links, numbers: while the Sandbox lives, and at its end. Nobody waits for it, and nothing else is touched."""
    naive = """
import os, shutil
top = os.path.abspath('deep')
os.mkdir(top)
os.chdir(top)
for _ in range(1100):
    os.mkdir('d')
    os.chdir('d')
try: shutil.rmtree(top)
except RecursionError as error: print(type(error).__name__)
while os.getcwd() != top:
    os.chdir('..')
    os.rmdir('d')
"""
    assert on_disk.outside(naive)["stdout"] == "RecursionError\n"  # what tempfile does
    program = f"""{LEFT}
CODE = {HOSTILE!r}
def facts(path): return [os.lstat(path)[:3], sorted(os.listdir(path))]
async def main():
    before = facts('/etc')
    async with Sandbox(SMALL, spares=0) as sandbox:
        first = await sandbox.run(CODE)
        print(first.stdout.strip(), first.stderr)
        started = time.monotonic()
        print((await sandbox.run('print(1)')).stdout.strip(), time.monotonic() - started < 5)
        print(await until(lambda: of_jails() == []))
        print((await sandbox.run(CODE)).stdout.strip())
    print(await until(lambda: left() == []), before == facts('/etc'))
asyncio.run(main())
"""
    result = on_disk.host(program, seconds=60)
    assert result["stdout"].split() == ["made", "1", "True", "True", "made", "True", "True"]


@pytest.mark.row("C15")
def test_next_start_removes_what_a_killed_launcher_left(on_disk: Box) -> None:
    """With the janitor killed too, nobody is left who could. A folder of a living launcher, and one that only looks like it, stay."""
    program = f"""{LEFT}
import signal
from pathlib import Path
def parent(pid): return int(Path(f'/proc/{{pid}}/stat').read_text().rpartition(')')[2].split()[1])
def pids(): return [int(each.name) for each in Path('/proc').glob('[0-9]*')]
def below(pid):
    try: return [each for each in pids() if parent(each) == pid]
    except OSError: return below(pid)
HOLD = '''
import asyncio, sys
from plugcli.sandbox import Policy, Sandbox
async def main():
    async with Sandbox(Policy(memory_bytes=256 << 20), spares=1) as sandbox:
        print((await sandbox.run("open('x', 'w').close()")).outcome, flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
'''
def hold():
    process = subprocess.Popen([sys.executable, '-c', HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    return process
async def main():
    living = hold()
    (its,) = left()
    strangers = ['plugcli-' + 'a' * 20, 'plugcli-notes']
    for name in strangers:
        os.mkdir(f'{{tempfile.gettempdir()}}/{{name}}', 0o700)
        open(f'{{tempfile.gettempdir()}}/{{name}}/letter', 'w').close()
    victim = hold()
    doomed = [victim.pid, *(everybody := below(victim.pid))]
    for pid in doomed: os.kill(pid, signal.SIGSTOP)
    doomed += [child for pid in everybody for child in below(pid)]
    for pid in doomed: os.kill(pid, signal.SIGKILL)
    victim.wait()
    print(len(left()))
    async with Sandbox(SMALL, spares=0) as sandbox:
        print((await sandbox.run('print("next")')).stdout.strip())
        await until(lambda: len(left()) == 4)
    print(sorted(left()) == sorted([its, *strangers]))
    living.stdin.close()
    living.wait()
    print(sorted(left()) == sorted(strangers))
asyncio.run(main())
"""
    assert on_disk.host(program, seconds=40)["stdout"].split() == ["4", "next", "True", "True"]


@pytest.mark.row("B9")
def test_upload_beyond_the_limit_is_refused_and_the_session_lives(on_disk: Box) -> None:
    """No file system ends a scribe here: plugcli knows how much room is left, and says the true path."""
    body = """
session = await opened('one')
async def put(name, count):
    try: return (await session.workspace.put(name, data(*[bytes(1 << 20)] * count))).bytes >> 20
    except FileRefused as error: return [error.kind, error.message.replace(session.workspace.path, 'PATH')]
await session.run('x = 1')
notes.append([await put('one', 20), await put('two', 20), await put('three', 11)])
notes.append(await asyncio.gather(put('four', 6), put('five', 6)))
session.workspace.delete('one')
notes.append(await put('two', 20))
result = await session.run('import os; x, sorted(os.listdir())')
notes.append([result.session['state'], result.result])
"""
    full = ["full", "the workspace is full: 32 MiB is the limit of PATH"]
    notes = on_disk.notes(body)
    assert notes == [[20, full, 11], [full, full], 20, ["kept", "(1, ['three', 'two'])"]]


@pytest.mark.row("F21")
def test_files_of_an_ended_session_stay_for_the_grace_time(on_disk: Box) -> None:
    """The folder goes when the files are no longer to be had, and a one-shot run's goes with it."""
    body = """
import os, tempfile
from plugcli.sandbox import sessions as module
def folders():
    top, = (name for name in os.listdir(tempfile.gettempdir()) if name.startswith('plugcli-'))
    return sum(name.isdigit() for name in os.listdir(f'{tempfile.gettempdir()}/{top}'))
async def until(condition):
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline: await asyncio.sleep(0.02)
    return condition()
await sandbox.run('1')
notes.append(await until(lambda: folders() == 0))
for name in 'ab':
    session = await opened(name)
    notes.append((await session.run(f"open('of {name}', 'w').write('x' * 1000) and 1")).outcome)
sandbox.sessions._expire(session)
notes.append([file.name for file in sandbox.sessions.files(session.handle).list().files])
notes.append(folders())
module._GRACE_SECONDS = 0
notes.append(await until(lambda: (sandbox.sessions._tick(), folders())[1] == 1))
"""
    assert on_disk.notes(body) == [True, "ok", "ok", ["of b"], 2, True]


def test_folder_for_temporary_files_is_used_or_refused_in_plain_words(on_disk: Box) -> None:
    """TMPDIR is the user's: its name may be long and odd. Where no jail can have a folder, the refusal says which folder and why."""
    program = f"""{LEFT}
from plugcli.errors import SandboxUnavailable
here = tempfile.gettempdir()
odd = f'{{here}}/a b/ü/' + 'x' * 100
os.makedirs(odd)
for path in (f'{{here}}/a b', f'{{here}}/a b/ü', odd): os.chmod(path, 0o755)
os.symlink(odd, f'{{here}}/link')
os.mkdir(f'{{here}}/closed', 0o500)
os.mkdir(f'{{here}}/closed/in') if os.geteuid() == 0 else None
os.chmod(f'{{here}}/closed', 0o400)
async def main():
    for path in (odd, f'{{here}}/link', f'{{here}}/missing', f'{{here}}/closed/in' if os.geteuid() == 0 else f'{{here}}/closed'):
        os.environ['TMPDIR'] = path
        try:
            async with Sandbox(SMALL, spares=0) as sandbox:
                code = "import os, tempfile; print(os.getcwd()); print(tempfile.gettempdir()); open('a', 'w').write(open(__file__).read())"
                result = await sandbox.run(code)
                print(result.stdout.replace(odd, 'ODD').split()[0].count('ODD/plugcli-'), result.outcome, os.listdir(odd) != [])
        except SandboxUnavailable as error: print(error.message.partition('either: ')[2].replace(here, ''), '|', error.hint)
    print(await until(lambda: os.listdir(odd) == []))
asyncio.run(main())
"""
    odd, link, missing, closed, left = on_disk.host(program)["stdout"].splitlines()
    assert (odd, link, left) == ("1 ok True", "1 ok True", "True")
    hint = "set TMPDIR to a folder that you may write to, or make room on its disk"
    assert missing == f"/missing, the folder for temporary files, is not there | {hint}"
    if on_disk.who == "user":
        assert closed == f"/closed, the folder for temporary files, is not yours to write to | {hint}"
    else:
        why = "cannot be used, because /closed is closed to the uids that root's jails have"
        assert closed == f"/closed/in, the folder for temporary files, {why} | {hint}"


@pytest.mark.row("F9")
@pytest.mark.row("F29")
def test_nobody_has_plugcli_delete_or_write_elsewhere(on_disk: Box) -> None:
    """Without the sticky bit, others can rename our folder and put a link in its place; names that look like ours are free to all."""
    program = f"""{LEFT}
from plugcli.errors import SandboxUnavailable
here = tempfile.gettempdir()
os.mkdir(f'{{here}}/precious', 0o711)
os.mkdir(f'{{here}}/precious/0')
open(f'{{here}}/precious/0/letter', 'w').close()
os.symlink(f'{{here}}/precious', f'{{here}}/plugcli-{{"b" * 20}}')
os.mkdir(f'{{here}}/shared')
os.chmod(f'{{here}}/shared', 0o777)
os.environ['TMPDIR'] = f'{{here}}/shared'
def facts(path):
    names = sorted(os.listdir(path)) if os.path.isdir(path) else []
    return [(path, os.lstat(path)[:5]), *(each for name in names for each in facts(f'{{path}}/{{name}}'))]
async def main():
    before = facts(f'{{here}}/precious')
    async with Sandbox(SMALL, spares=0) as sandbox:
        print((await sandbox.run('print(1)')).stdout.strip())
        (top,) = os.listdir(f'{{here}}/shared')
        os.rename(f'{{here}}/shared/{{top}}', f'{{here}}/shared/moved')
        os.symlink(f'{{here}}/precious', f'{{here}}/shared/{{top}}')
        try: print((await sandbox.run("import os; open('x', 'w'); os.chmod('x', 0o777)")).outcome)
        except SandboxUnavailable: print('unavailable')
    await until(lambda: os.listdir(f'{{here}}/shared/moved') == [])
    print(os.listdir(f'{{here}}/shared/moved'), before == facts(f'{{here}}/precious'))
    os.environ['TMPDIR'] = here
    async with Sandbox(SMALL, spares=0) as sandbox: print((await sandbox.run('print(2)')).stdout.strip())
    print(before == facts(f'{{here}}/precious'), left())
asyncio.run(main())
"""
    stdout = on_disk.host(program)["stdout"].split("\n")
    assert stdout == ["1", "unavailable", "[] True", "2", f"True ['plugcli-{'b' * 20}']", ""]


def test_launchers_that_start_at_once_do_not_sweep_each_other_away(on_disk: Box) -> None:
    """A folder that has been made and is not locked yet looks like one that is left."""
    program = f"""{LEFT}
async def one():
    async with Sandbox(SMALL, spares=0) as sandbox: return (await sandbox.run("open('a', 'w').write('1'); print(open('a').read())")).stdout
async def main():
    print([await asyncio.gather(*(one() for _ in range(4))) for _ in range(3)] == [['1\\n'] * 4] * 3)
    print(await until(lambda: left() == []))
asyncio.run(main())
"""
    assert on_disk.host(program)["stdout"].split() == ["True", "True"]
