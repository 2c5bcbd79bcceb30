"""Runs are forks of one launcher: they share no random state, no secrets and nothing that the host happened to be."""

import pytest

from tests.abuse.box import USER, Box

# The control is what a fork server does that takes no care: two children of one process that has used the same things.
TWICE = """
import os, sys
def twice(what):
    answers = []
    for _ in range(2):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, repr(what()).encode())
            os._exit(0)
        os.close(writer)
        answers.append(os.read(reader, 65536))
        os.wait()
    return answers[0] == answers[1]
"""


@pytest.mark.row("I3")
def test_numpy_draws_differ_between_runs(box: Box) -> None:
    """Its global generator is seeded at import: siblings of a process that has imported it draw the same numbers."""
    if box.inside("import numpy", with_facts=False)["returncode"]:
        pytest.skip(
            f"numpy is not installed for {box.who}: install the `data` extra with a Python that everybody may read"
        )
    control = f"{TWICE}\nimport numpy.random\nprint(twice(numpy.random.rand))"
    assert box.outside(control)["stdout"] == "True\n"
    code = "import numpy\nprint(numpy.random.rand(4), numpy.random.default_rng().random(4))"
    result = box.inside(code, then=code, with_facts=False, memory_bytes=512 << 20)
    assert result["outcome"] == "ok"
    assert result["stdout"] != result["then"]["stdout"]


@pytest.mark.row("I4")
def test_nothing_holds_a_generator_before_the_run(box: Box) -> None:
    """One that a preloaded module made would be the same in every run, and `random` does not know of it to seed it anew."""
    generator = f"{TWICE}\nimport random\ngenerator = random.Random()\nprint(twice(generator.random))"
    assert box.outside(generator)["stdout"] == "True\n"
    code = """
import gc, sys
print([name for name in ('random', 'numpy', 'uuid', 'secrets', 'tempfile', 'ssl', 'asyncio', 'multiprocessing') if name in sys.modules])
print([type(thing) for thing in gc.get_objects() if type(thing).__name__ in ('Random', 'SystemRandom', 'Generator', 'RandomState')])
"""
    assert box.inside(code, with_facts=False)["stdout"] == "[]\n[]\n"


@pytest.mark.row("I5")
def test_random_names_and_keys_differ_between_runs(box: Box) -> None:
    """Session tokens, temporary names and TLS keys of one run must not be another's."""
    code = """
import os, random, secrets, ssl, tempfile, uuid
print(random.random(), random.getstate()[1][:3], uuid.uuid4(), uuid.uuid1(), sep='\\n')
print(secrets.token_hex(8), ssl.RAND_bytes(8), os.urandom(8), sep='\\n')
print(os.path.basename(tempfile.mkdtemp()), next(tempfile._get_candidate_names()))
"""
    # No control: siblings differ in these outside as well, and that is to stay so.
    assert box.outside(f"{TWICE}\nimport random\nprint(twice(random.random))")["stdout"] == "False\n"
    result = box.inside(code, then=code)
    first, second = (text.splitlines() for text in (result["stdout"], result["then"]["stdout"]))
    assert len(first) == 8
    assert [a for a, b in zip(first, second, strict=True) if a == b] == []


@pytest.mark.row("I12")
def test_nothing_of_the_launcher_runs_at_the_end(box: Box) -> None:
    """What a parent registered for its exit would run once more in each child: files removed, children joined that are not its own."""
    control = """
import atexit, os
atexit.register(print, 'of the parent')
if os.fork() == 0: raise SystemExit
os.wait()
"""
    assert box.outside(control)["stdout"] == "of the parent\n" * 2
    code = """
import atexit, sys, threading
print(atexit._ncallbacks(), sorted(thread.name for thread in threading.enumerate()), 'multiprocessing' in sys.modules)
atexit.register(print, 'of the code')
"""
    result = box.inside(code, with_facts=False)
    assert (result["stdout"], result["stderr"]) == ("0 ['MainThread'] False\nof the code\n", "")


ODD_HOST = """
import signal
ASK = '''
import os, signal, subprocess, sys
print(*[signal.getsignal(number) == signal.SIG_DFL for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM)])
print(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])), oct(os.umask(0)), os.environ.get('ODD'))
print(subprocess.run([sys.executable, '-c', 'raise SystemExit(3)']).returncode)
'''
for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGUSR1): signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGALRM, signal.SIGTERM])
os.umask(0o077)
os.environ['ODD'] = '1'
"""


@pytest.mark.row("I13")
def test_signals_masks_and_umask_of_the_host_are_not_inherited(box: Box) -> None:
    """A service manager starts servers with signals ignored or blocked: then `subprocess` gets no exit status and nothing can be ended."""
    control = box.host(f"{ODD_HOST}\nos.execv(sys.executable, [sys.executable, '-c', ASK])")[
        "stdout"
    ].splitlines()
    assert control[0] == "False False False True"
    assert control[1].endswith(" 0o77 1")
    assert control[2] == "0"  # the status that was lost
    inside = box.host(f"""{ODD_HOST}
async def main():
    async with Sandbox(SMALL) as sandbox:
        result = await sandbox.run(ASK)
        print(result.stdout + result.stderr, end='')
asyncio.run(main())
""")
    assert inside["stdout"] == "True True True True\n[] 0o22 None\n3\n"


@pytest.mark.row("I19")
def test_no_run_has_the_uid_of_another(box: Box) -> None:
    """Root gives each jail a uid of its own: whatever the kernel counts or checks by uid is not shared. A user has one, and namespaces."""
    program = """
import asyncio, os
from plugcli.sandbox import Policy, Sandbox
def uids():
    found = set()
    for name in os.listdir('/proc'):
        try: status = dict(line.split(':', 1) for line in open(f'/proc/{name}/status'))
        except OSError: continue
        if len(status['NSpid'].split()) > len(own) and status['NSpid'].split()[-1] != '1': found.add(int(status['Uid'].split()[0]))
    return found
own = dict(line.split(':', 1) for line in open('/proc/self/status'))['NSpid'].split()
async def main():
    async with Sandbox(Policy(memory_bytes=256 << 20), spares=0) as sandbox:
        print(uids())
        runs = [asyncio.create_task(sandbox.run('import time; time.sleep(20)')) for _ in range(3)]
        while len(uids()) < expected: await asyncio.sleep(0.02)
        print(sorted(uids()))
        for run in runs: run.cancel()
asyncio.run(main())
"""
    expected = 3 if box.who == "root" else 1
    _, line = box.host(program.replace("expected", str(expected)))["stdout"].splitlines()
    uids = [int(number) for number in line.strip("[]").split(",")]
    assert len(uids) == expected
    assert min(uids) >= 0x70000000 if box.who == "root" else uids == [USER]


SEARCH = """
import re
def search(words):
    found = set()
    with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', buffering=0) as memory:
        for line in maps:
            start, end = (int(n, 16) for n in line.split()[0].split('-'))
            if line.split()[1][0] != 'r' or end - start > 256 << 20 or '[v' in line: continue
            memory.seek(start)
            try: data = memory.read(end - start)
            except OSError: continue
            found |= {word for word in words if word[::-1].encode() in data}
    return sorted(found)
"""


@pytest.mark.row("I21")
def test_memory_holds_nothing_of_the_host_or_of_another_run(box: Box) -> None:
    """A launcher that had seen a token, an upload or another run's text would hand it on to every jail that is forked from it."""
    # The words are written backwards, so that a search does not find itself.
    control = f"""{SEARCH}
import os
kept = ''.join(['the-text', '-of-run-one'])
if os.fork() == 0: print(search(['eno-nur-fo-txet-eht', 'siht-speek-tsoh-eht']))
else: os.wait()
"""
    assert box.outside(control)["stdout"] == "['eno-nur-fo-txet-eht', 'siht-speek-tsoh-eht']\n"
    result = box.inside(
        "kept = 'the-text-of-run-one' * 1000",
        then=f"{SEARCH}\nprint(search(['eno-nur-fo-txet-eht', 'siht-speek-tsoh-eht', 'rehcnual tropmi']))",
    )
    # The last word is the launcher's own program: the search does find what is there.
    assert result["then"]["stdout"] == "['rehcnual tropmi']\n"
