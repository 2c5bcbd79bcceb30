"""Jails that have libraries from the start, and sessions in them: siblings share pages, and no numbers, no secrets and no past."""

import json

import pytest

from tests.abuse.box import LOOK, Box
from tests.abuse.test_runs_apart import TWICE

MEMORY = 512 << 20
DRAWS = """
import random, numpy, secrets, ssl, tempfile, uuid, os
made = [numpy.random.rand(), numpy.random.randint(1 << 30), numpy.random.default_rng().random()]
made += [random.random(), random.getrandbits(64), random.Random().random()]
made += [str(uuid.uuid4()), str(uuid.uuid1()), secrets.token_hex(8), ssl.RAND_bytes(8).hex(), os.urandom(8).hex()]
made += [os.path.basename(tempfile.mkdtemp()), next(tempfile._get_candidate_names())]
"""


@pytest.fixture
def numbers(box: Box) -> Box:
    """The box, where numpy can be preloaded."""
    if box.session("import numpy")[0]["returncode"]:
        pytest.skip(
            f"numpy is not installed for {box.who}: install the `data` extra with a Python that everybody may read"
        )
    return box


@pytest.mark.row("I3")
@pytest.mark.row("I4")
@pytest.mark.row("I5")
def test_preloaded_siblings_draw_other_numbers(numbers: Box) -> None:
    """The generators that a library has made at its import are in every jail: one-shots and sessions that draw the same give keys away."""
    control = f"{TWICE}\nimport numpy.random\nprint(twice(numpy.random.rand))"
    assert numbers.outside(control)["stdout"] == "True\n"
    program = f"""
async def main():
    async with Sandbox(Policy(memory_bytes={MEMORY}), spares=2, preload=('numpy', 'random', 'uuid')) as sandbox:
        code = {DRAWS!r}
        drawn = []
        for key in ('a', 'b', 'c'):
            session = await sandbox.sessions.open(Key(key))
            drawn.append((await session.run(code + 'made')).result)
            drawn.append((await session.run(code + 'made')).result)
        await (await sandbox.sessions.open(Key('a'))).run('import os; os._exit(1)')
        drawn.append((await (await sandbox.sessions.open(Key('a'))).run(code + 'made')).result)
        drawn += [(await sandbox.run(code + 'print(made)')).stdout for _ in range(3)]
        loaded = await (await sandbox.sessions.open(Key('d'))).run("import sys; 'numpy' in sys.modules")
        print(json.dumps([sandbox.preloaded, loaded.result, [each.replace('np.float64', '').strip() for each in drawn]]))
asyncio.run(main())
"""
    preloaded, loaded, drawn = json.loads(numbers.host(program)["stdout"])
    assert ("numpy" in preloaded, loaded) == (True, "True")
    every = [repr(value) for each in drawn for value in eval(each, {"np": None})]
    assert len(every) == 10 * 13
    assert len(set(every)) == len(every)


PACKAGE = """
import atexit, os, random, signal, sys, threading
made = random.Random(7)
made_of = random.Random.__new__(random.Random, 7)
environment, folder, streams, path = dict(os.environ), os.getcwd(), (sys.stdin, sys.stdout, sys.stderr), list(sys.path)
home, handler = os.path.expanduser('~'), signal.getsignal(signal.SIGTERM)
atexit.register(print, 'end of ours')
version = 1
def late():
    from ours_late import version
    return version
"""
WITH_PACKAGE = f"""
folder = Path(sys.prefix, 'lib/python3/dist-packages')
folder.mkdir(parents=True)
def install(version):
    # As pip does: new files beside the old ones, renamed over them, and a folder that says which version it is.
    for name, text in (('ours', {PACKAGE!r}.replace('version = 1', f'version = {{version}}')), ('ours_late', f'version = {{version}}')):
        (folder / f'{{name}}.new').write_text(text)
        (folder / f'{{name}}.new').chmod(0o644)
        os.rename(folder / f'{{name}}.new', folder / f'{{name}}.py')
    (folder / f'ours-{{version}}.dist-info').mkdir()
install(1)
os.environ['HOME'] = '/host/home'; os.environ['HOST_SECRET'] = 'secret'; os.umask(0o027)
signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
def sandbox(): return Sandbox(Policy(memory_bytes={MEMORY}), spares=1, preload=('ours',))
"""
BY_ITSELF = "sys.path.insert(0, str(folder))\nimport ours\n"
"""For controls: a fork server of the host's own, which has what the host had."""


@pytest.mark.row("I4")
@pytest.mark.row("I9")
@pytest.mark.row("I12")
@pytest.mark.row("I13")
def test_package_that_was_preloaded_is_as_if_imported_there(box: Box) -> None:
    """What it took from its surroundings at import is what the code sees, its generators are new, and it ends as if imported there."""
    look = """
import ours, os, signal, subprocess, sys
same = [ours.environment == dict(os.environ), 'HOST_SECRET' in ours.environment, ours.home == os.path.expanduser('~')]
same += [ours.handler == signal.SIG_DFL, sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))]
same += [subprocess.run(['sh', '-c', 'exit 3']).returncode]
print(same, [path for path in ours.path if path not in sys.path], open('file', 'w').close(), oct(os.stat('file').st_mode & 0o777))
"""
    program = f"""
async def main():
    async with sandbox() as s:
        one, two = await s.sessions.open(Key('one')), await s.sessions.open(Key('two'))
        loaded = (await one.run("import sys; 'ours' in sys.modules")).result
        draws = [(await each.run('import ours; [ours.made.random(), ours.made_of.random()]')).result for each in (one, two)]
        shot = await s.run('import ours; print([ours.made.random(), ours.made_of.random()])')
        draws.append(shot.stdout.splitlines()[0])
        print(json.dumps([s.preloaded, loaded, len(set(sum(map(json.loads, draws), []))), shot.stdout.splitlines()[1:]]))
        print((await one.run({look!r})).stdout, end='')
        print((await s.run({look!r})).stdout, end='')
asyncio.run(main())
"""
    control = f"{LOOK}{WITH_PACKAGE}{BY_ITSELF}print(ours.environment['HOST_SECRET'], ours.home, flush=True)\nos._exit(0)"
    assert box.host(control, with_home=True)["stdout"] == "secret /host/home\n"
    facts, *seen = box.host(f"{LOOK}{WITH_PACKAGE}{program}", with_home=True)["stdout"].splitlines()
    assert json.loads(facts) == [["ours"], "True", 6, ["end of ours"]]
    # Without mounts each jail has folders of its own name, which a package that was imported before it cannot know.
    seen_there = f"[{not box.is_landlock}, False, {not box.is_landlock}, True, [], 3] [] None 0o644"
    assert seen == [seen_there, seen_there, "end of ours"]  # as if the program had imported it


@pytest.mark.row("I11")
def test_upgraded_package_is_not_mixed_with_the_old_one(box: Box) -> None:
    """After `pip install -U` an old launcher holds half a package: what it imports late is the new one's. A session keeps what it has."""
    program = """
async def main():
    code = 'import ours; print(ours.version, ours.late())'
    async with sandbox() as s:
        old = await s.sessions.open(Key('old'))
        print((await old.run('import ours; ours.version, ours.late()')).result, (await s.run(code)).stdout.splitlines()[0])
        install(2)
        new = await s.sessions.open(Key('new'))
        shots = [(await s.run(code)).stdout.splitlines()[0] for _ in range(2)]
        print((await new.run('import ours; ours.version, ours.late()')).result, *shots)
        print((await old.run('ours.version, ours.late()')).result, (await new.run("import sys; 'ours' in sys.modules")).result)
asyncio.run(main())
"""
    naive = f"{LOOK}{WITH_PACKAGE}{BY_ITSELF}install(2)\nprint(ours.version, ours.late(), flush=True)\nos._exit(0)"
    assert box.host(naive, with_home=True)["stdout"] == "1 2\n"
    told = box.host(f"{LOOK}{WITH_PACKAGE}{program}", with_home=True)["stdout"].splitlines()
    assert told == ["(1, 1) 1 1", "(2, 2) 2 2 2 2", "(1, 1) True"]


@pytest.mark.row("I10")
@pytest.mark.row("I21")
def test_preloaded_zygote_that_is_killed_is_replaced(numbers: Box) -> None:
    """It is the largest process there, so the first that the kernel ends; live sessions go on, and it has seen no user's text."""
    program = f"""
from plugcli.errors import PlugcliError
def children(pid):
    found = []
    for p in Path('/proc').glob('[0-9]*'):
        try:
            if f'PPid:\\t{{pid}}\\n' in (p / 'status').read_text(): found.append(p.name)
        except OSError: pass
    return found
async def main():
    async with Sandbox(Policy(memory_bytes={MEMORY}), spares=1, preload=('numpy',)) as sandbox:
        session = await sandbox.sessions.open(Key('a'))
        await session.run("import numpy; kept = numpy.array([len('the-text-of-session-one')] * 2)")
        zygotes = children(launcher().name)
        for pid in zygotes: os.kill(int(pid), signal.SIGKILL)
        shot = await sandbox.run("import sys; print('numpy' in sys.modules)")
        other = await (await sandbox.sessions.open(Key('b'))).run("import numpy; int(numpy.arange(4).sum())")
        print(len(zygotes), shot.stdout.strip(), other.result, (await session.run('int(kept.sum())')).result)
asyncio.run(main())
"""
    killed = 3 if numbers.level == "landlock" else 2  # there the launcher has a janitor, too
    assert numbers.host(LOOK + program)["stdout"] == f"{killed} True 6 46\n"


@pytest.mark.row("I8")
def test_module_that_leaves_a_thread_is_not_preloaded(box: Box) -> None:
    """A fork of a process with threads may find a lock taken for ever. Then nothing is preloaded, which is told, and the code runs."""
    program = """
import glob
[packages] = glob.glob('/mnt/venv/lib/python3*/site-packages')
open(packages + '/busy.py', 'w').write('import threading\\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\\n')
async def main():
    async with Sandbox(SMALL, spares=1, preload=['busy']) as sandbox:
        session = await sandbox.sessions.open(Key('a'))
        first = await session.run("import sys; ('busy' in sys.modules, 1 + 1)")
        one_shot = await sandbox.run("import busy, threading; print(threading.active_count())")
        print(first.result, one_shot.stdout, sandbox.preload_problem, sep='|')
asyncio.run(main())
"""
    result, printed, problem = box.host(program, with_venv=True)["stdout"].split("|")
    assert (result, printed) == ("(False, 2)", "2\n")
    assert problem == "2 threads run after importing busy: it cannot be forked\n"


@pytest.mark.row("H23")
def test_module_that_cannot_be_imported_fails_in_the_code_alone(box: Box) -> None:
    """A broken package is the code's to meet, with its own traceback; everything else goes on."""
    program = """
import glob
[packages] = glob.glob('/mnt/venv/lib/python3*/site-packages')
open(packages + '/broken.py', 'w').write('raise SystemExit("of the package")')
open(packages + '/sound.py', 'w').write('answer = 42')
async def main():
    async with Sandbox(SMALL, spares=1, preload=['broken', 'sound']) as sandbox:
        session = await sandbox.sessions.open(Key('a'))
        print((await session.run("import sys; 'sound' in sys.modules, 'broken' in sys.modules")).result)
        print((await session.run("import broken")).stderr.strip())
        print((await session.run("import sound; sound.answer")).result, sandbox.preload_problem)
asyncio.run(main())
"""
    assert box.host(program, with_venv=True)["stdout"] == "(True, False)\nof the package\n42 \n"
