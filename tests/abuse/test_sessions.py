"""Sessions beside each other and after each other: apart, in turn, bounded in number, time and memory, and honest about what is lost."""

import ast
import re

import pytest

from tests.abuse.box import LOOK, Box


@pytest.mark.row("I1")
def test_conversations_reach_nothing_of_each_other(box: Box) -> None:
    """Neither by variables nor files nor processes nor names; and whoever guesses at an id begins a session of its own."""
    control = box.kernel("secret = 'of one'", "print('secret' in globals())")
    assert control[1]["stdout"] == "True\n", "one interpreter for all"
    if box.is_landlock:
        _assert_folders_are_apart(box)
        return
    hidden = """
import os, socket, subprocess, threading, time
secret = 'of one'
for folder in ('/mnt/data', '/tmp', '/var/tmp', '/dev/shm', os.path.expanduser('~')):
    os.makedirs(folder, exist_ok=True)
    open(f'{folder}/secret', 'w').write(secret)
listener, abstract = socket.create_server(('127.0.0.1', 7777)), socket.socket(socket.AF_UNIX)
abstract.bind('\\0secret')
abstract.listen()
child = subprocess.Popen(['sleep', '50'])
"""
    search = """
import os, socket
found = [name for name in ('secret',) if name in dir()]
for top in ('/mnt', '/tmp', '/var', '/dev', '/home', '/run'): found += [where for where, _, names in os.walk(top) if 'secret' in names]
for family, address in ((socket.AF_INET, ('127.0.0.1', 7777)), (socket.AF_UNIX, '\\0secret')):
    try: socket.socket(family).connect(address); found.append(address)
    except OSError: pass
found += [pid for pid in os.listdir('/proc') if pid.isdigit() and int(pid) not in (1, os.getpid())]
found
"""
    notes = box.notes(
        f"""
one, two = await opened('one'), await opened('two')
await one.run({hidden!r})
notes.append((await two.run({search!r})).result)
notes.append([file.name for file in two.workspace.list().files])
notes.append(len({{one.id, two.id, one.handle, two.handle}}))
notes.append(min(len(each) for each in (one.id, one.handle)))
for guess in (one.handle, one.id[:-1], one.id.lower(), one.id + ' ', '', 'One'):
    notes.append([sessions.find(Key(guess, id=guess)) is None, sessions.files(guess) is None or guess == one.handle])
notes.append([sessions.find(Key(id=one.id)) is one, sessions.find(Key('one')) is one, sessions.files(one.handle) is one.workspace])
""",
    )
    # 27 characters of 6 bits: 160 of them random.
    assert notes == ["[]", [], 4, 27, *[[True, True]] * 6, [True, True, True]]


_REACH = """
import os
def attempt(what, *arguments):
    try: what(*arguments)
    except OSError as error: return type(error).__name__
    return 'done'
[attempt(open, folder + '/secret'), attempt(os.listdir, folder), attempt(os.chmod, folder, 0), attempt(os.rename, folder, folder + '-'),
 attempt(os.link, folder + '/secret', 'mine'), attempt(open, folder + '/new', 'w'), attempt(os.kill, pid, 9)]
"""


def _assert_folders_are_apart(box: Box) -> None:
    """The folders of two jails lie beside each other, and a number is all that differs in their names."""
    hide = "import os, subprocess\nopen('secret', 'w').write('of one')\nchild = subprocess.Popen(['sleep', '50'])\n(os.getcwd(), child.pid)"
    notes = box.notes(
        f"""
one, two = await opened('one'), await opened('two')
where = (await one.run({hide!r})).result
await two.run('folder, pid = ' + where)
notes.append((await two.run({_REACH!r})).result)
notes.append((await one.run("child.poll(), open('secret').read()")).result)
""",
    )
    answers = ast.literal_eval(notes[0])
    assert len(answers) == 7
    assert "done" not in answers
    assert notes[1] == "(None, 'of one')"


@pytest.mark.row("I2")
def test_calls_build_on_each_other(box: Box) -> None:
    """Variables, functions, imports, the folder, open files, threads and processes: what the calls before have made is there."""
    calls = [
        "import os, math as m, subprocess, threading\nn = 41\ndef double(x): return 2 * x\nclass Kind: pass",
        "os.mkdir('sub'); os.chdir('sub'); file = open('notes.txt', 'w+'); file.write('one ')",
        "go, gone = threading.Event(), threading.Event()\nthreading.Thread(target=lambda: go.wait() and gone.set()).start()",
        "child = subprocess.Popen(['cat'], stdin=-1, stdout=-1)",
        "1 / 0",
        "file.write('two'); file.seek(0); kind = Kind()",
        "go.set()",
        "print(double(n), m.floor(2.5), os.getcwd(), file.read(), type(kind) is Kind, gone.wait(5), child.communicate(b'cat')[0])",
    ]
    assert "NameError" in box.outside(calls[-1])["stderr"]
    answers = box.session(*calls)
    folder = r"/mnt/tmp/plugcli-\w+/\d+/data" if box.is_landlock else "/mnt/data"
    assert re.fullmatch(rf"82 2 {folder}/sub one two True True b'cat'\n", answers[-1]["stdout"])
    states = [answer["session"]["state"] for answer in answers]
    assert states == ["new"] + ["kept"] * 7
    assert len({answer["session"]["id"] for answer in answers}) == 1


@pytest.mark.row("I15")
def test_calls_of_one_session_take_turns(box: Box) -> None:
    """Two tabs of one conversation: never interleaved, in the order they came, and nobody else waits for them."""
    code = "order.append('begins {0}'); import time; time.sleep(0.03); order.append('ends {0}')"
    control = f"""
import threading
order = []
threads = [threading.Thread(target=exec, args=({code!r}.format(n), {{'order': order}})) for n in range(3)]
for each in threads: each.start()
for each in threads: each.join()
print(order[:3])
"""
    assert box.outside(control)["stdout"] == "['begins 0', 'begins 1', 'begins 2']\n"
    notes = box.notes(
        f"""
one, two = await opened('one'), await opened('two')
await one.run('order = []')
begun = asyncio.Event()
first = asyncio.create_task(one.run("print('begun'); import time; time.sleep(0.3)", on_output=lambda *_: begun.set()))
await begun.wait()
others = [asyncio.create_task((await opened('one')).run({code!r}.format(n))) for n in range(16)]
await asyncio.sleep(0)
try: await one.run('1')
except PlugcliError as error: notes.append([type(error).__name__, error.message, bool(error.hint)])
notes.append([(await two.run('1 + 1')).result, first.done()])
await asyncio.gather(first, *others)
notes.append(eval((await one.run('order')).result))
""",
    )
    order = [f"{what} {n}" for n in range(16) for what in ("begins", "ends")]
    assert notes == [["Busy", "too many calls wait for this session", True], ["2", False], order]


@pytest.mark.row("I16")
def test_ten_thousand_sessions_are_a_few(box: Box) -> None:
    """Their number is bounded, also of those that begin at once; the oldest idle one makes room; descriptors and files do not pile up."""
    # Outside each is a process and its memory until somebody counts.
    piled = "import subprocess\nfor _ in range(40): subprocess.Popen(['sleep', '60'], stdout=-3, stderr=-3)"
    assert len(box.outside(piled)["left"]) == 40
    notes = box.notes(
        """
bare = len(everybody())
answers = await asyncio.gather(*(opened(f'at once {n}') for n in range(10000)), return_exceptions=True)
refused = [answer for answer in answers if isinstance(answer, PlugcliError)]
notes.append([len(refused) > 9990, len(sessions), {type(error).__name__ for error in refused} == {'Busy'}, refused[0].message])
before = len(os.listdir('/proc/self/fd'))
for n in range(40):
    result = await (await opened(f'key {n}')).run("open('data', 'wb').write(bytes(20 << 20))")
    assert result.outcome == 'ok', result
notes.append([len(sessions), len(os.listdir('/proc/self/fd')) - before < 10])
until = time.monotonic() + 5
while len(everybody()) - bare > 3 and time.monotonic() < until: await asyncio.sleep(0.01)
notes.append(len(everybody()) - bare)
first, back = await opened('key 0'), await opened('key 37')
one, other = await first.run("import os; os.listdir()"), await back.run("import os; os.path.getsize('data')")
notes.append([one.result, one.session['state'], one.session['notice']])
notes.append([other.session['state']])
""",
        sessions=3,
        session_memory_bytes=100 << 20,
    )
    limit = "there are 3 sessions already: the limit on their number"
    lost = "the session made room for others: variables and imports are lost, so run the set-up again"
    assert notes == [
        [True, 3, True, f"{limit}, and all are in use"],
        [3, True],
        # Two for each of three, without the first jail's that waited: two, and at the first level a twin that no session has.
        4 if box.is_landlock else 3,
        ["[]", "lost", f"{lost}, and upload its files again"],
        ["lost"],
    ]


@pytest.mark.row("A17")
@pytest.mark.row("I17")
def test_idle_sessions_end_by_themselves_and_say_so_later(box: Box) -> None:
    """Nobody says goodbye to a session. Unused it ends, used it ends too one day, never during a call; and whoever comes back is told."""
    notes = box.notes(
        """
bare = len(everybody())
idle, busy, used = await opened('idle'), await opened('busy'), await opened('used')
await idle.run("n = 1; open('kept.txt', 'w').write('kept')")
running = asyncio.create_task(busy.run("n = 1; import time; time.sleep(2.3)"))
uses = 0
while sessions.find(Key('used')) is used:
    await used.run('n = 1')
    uses += 1
    await asyncio.sleep(0.05)
notes.append([sessions.find(Key('idle')) is None, uses > 20, running.done()])
result = await running
notes.append([result.outcome, result.session['state'], result.session['seconds_left']])
until = time.monotonic() + 5
while (len(sessions) or len(everybody()) > bare - 3) and time.monotonic() < until: await asyncio.sleep(0.01)
notes.append([len(sessions), bare - len(everybody())])
for key in ('idle', 'used', 'busy'):
    after = await (await opened(key)).run("'n' in dir(), __import__('os').listdir()")
    notes.append([after.result, after.session['state'], after.session['notice']])
again = await (await opened('idle')).run('1')
notes.append(again.session['state'])
""",
        session_idle_seconds=0.6,
        session_life_seconds=2.0,
    )
    lost = "variables and imports are lost, so run the set-up again; the files in /mnt/data are kept"
    assert notes[0] == [True, True, False]
    assert notes[1] == ["ok", "new", 0]
    # The jail that waited for the first is gone, too, at the first level with its twin.
    assert notes[2] == [0, 2 if box.is_landlock else 3]
    idle, used, busy = (
        [*each[:2], re.sub(r"/mnt/tmp/plugcli-\w+/\d+/data", "/mnt/data", each[2])] for each in notes[3:6]
    )
    assert idle == ["(False, ['kept.txt'])", "lost", f"the session ended after 0.6 s without use: {lost}"]
    assert used == [
        "(False, [])",
        "lost",
        f"the session ended after 2 s: the limit on its lifetime: {lost}",
    ]
    assert busy[:2] == ["(False, [])", "lost"]
    assert notes[6] == "kept"


@pytest.mark.row("B13")
@pytest.mark.row("B14")
@pytest.mark.row("I18")
def test_out_of_memory_in_a_session_is_told_and_costs_it_alone(box: Box) -> None:
    """The answer names the limit, the next one says what is lost, the files are there, and the neighbour computes on."""
    hungry = "print('begun')\nx = []\nwhile True: x.append(bytearray(1 << 20))"
    answers = box.sessions(
        {
            "hungry": ["n = 1; open('kept.txt', 'w').write('kept')", hungry, "n", "open('kept.txt').read()"],
            "neighbour": ["n = 41"] + ["import time; time.sleep(0.02)"] * 30 + ["n + 1"],
        },
        memory_bytes=96 << 20,
    )
    _, over, after, file = answers["hungry"]
    assert (over["outcome"], over["returncode"], over["stdout"]) == ("out_of_memory", 137, "begun\n")
    assert "96 MiB" in over["reason"]
    assert (over["session"]["state"], after["session"]["state"], file["session"]["state"]) == (
        "lost",
        "lost",
        "kept",
    )
    assert "96 MiB" in after["session"]["notice"]
    assert "NameError" in after["stderr"]
    assert file["result"] == "'kept'"
    assert answers["neighbour"][-1]["result"] == "42"


@pytest.mark.row("B13")
@pytest.mark.row("I16")
def test_sum_over_sessions_makes_the_oldest_idle_one_go(box: Box) -> None:
    """Each within its own limit, all together over theirs: who has been idle longest makes room, then whoever uses most; each is told."""
    notes = box.notes(
        """
eat = "x = bytearray(60 << 20)\\nfor i in range(0, len(x), 4096): x[i] = 1"
for key in ('first', 'second'): await (await opened(key)).run(eat)
third = await opened('third')
result = await third.run(eat)
until = time.monotonic() + 5
while sessions.find(Key('first')) and time.monotonic() < until: await asyncio.sleep(0.01)
notes.append([result.outcome, [key for key in ('first', 'second', 'third') if sessions.find(Key(key))]])
after = await (await opened('first')).run("'x' in dir()")
notes.append([after.result, after.session['state'], after.session['notice']])
eat = f"x = None\\n{eat}\\nimport time; time.sleep(0.5)"
both = [asyncio.create_task((await opened(key)).run(eat)) for key in ('second', 'third', 'fourth')]
results = await asyncio.gather(*both)
notes.append(sorted((each.outcome, each.reason) for each in results))
""",
        memory_bytes=96 << 20,
        session_memory_bytes=150 << 20,
    )
    why = "all sessions together used more than 150 MiB, and this one had to make room"
    assert notes[0] == ["ok", ["second", "third"]]
    assert notes[1][:2] == ["False", "lost"]
    assert notes[1][2].startswith(f"{why}: variables and imports are lost")
    assert notes[2][-1] == ["out_of_memory", why]
    assert notes[2][0] == ["ok", ""]


@pytest.mark.row("B9")
@pytest.mark.row("I16")
def test_files_of_ended_sessions_are_not_kept_beyond_the_sum(box: Box) -> None:
    """A session a second, each leaving files that live on for ten minutes, would fill the machine with sessions that are no more."""
    notes = box.notes(
        """
handles = []
for n in range(12):
    session = await opened(None)
    handles.append(session.handle)
    await session.run("open('data', 'wb').write(bytes(30 << 20)); import os; os._exit(0)")
    if n % 2: await session.run("1")
    sessions._end(session, 'a reason')
notes.append(sum(files.used_bytes for files in map(sessions.files, handles) if files is not None) >> 20)
await asyncio.sleep(1.2)
notes.append(sum(files.used_bytes for files in map(sessions.files, handles) if files is not None) >> 20)
""",
        sessions=8,
        session_memory_bytes=100 << 20,
    )
    assert notes[1] <= 100
    assert notes[1] > 50  # the youngest are still there


@pytest.mark.row("I10")
@pytest.mark.row("I18")
def test_session_outlives_what_made_it(box: Box) -> None:
    """Launcher, zygotes and spares may be killed: a live session keeps its state, new ones and one-shots have new makers."""
    notes = box.notes(
        """
def children(pid):
    return [p.name for p in Path('/proc').glob('[0-9]*') if f'PPid:\\t{pid}\\n' in (p / 'status').read_text()]
async def works():
    for attempt in range(3):
        try: return (await sandbox.run('print(2)')).stdout, attempt
        except PlugcliError: pass
session = await opened('alive')
await session.run('n = 41')
first = launcher()
zygotes = [pid for pid in children(first.name) if children(pid)]
notes.append(len(zygotes))
for pid in zygotes: os.kill(int(pid), signal.SIGKILL)
notes.append([await works(), (await session.run('n + 1')).result, launcher() == first])
os.kill(int(first.name), signal.SIGKILL)
notes.append([(await works())[0], (await session.run('n + 1')).result, launcher() != first])
late = await session.run('while True: pass', wall_seconds=0.3)
notes.append([late.outcome, late.session['state'], (await session.run('n + 1')).result])
await session.workspace.put('a.txt', data(b'late'))
notes.append((await session.run("open('a.txt').read()")).result)
other = await opened('other')
notes.append((await other.run('1 + 1')).result)
died = await session.run('import os; os._exit(3)')
after = await session.run("open('a.txt').read()")
notes.append([died.session['state'], after.result, after.session['state']])
""",
        memory_bytes=128 << 20,
    )
    # A user's jails can be told from zygotes by nothing but their children, too.
    assert notes[0] >= 1
    assert notes[1] == [["2\n", 0], "42", True]
    assert notes[2] == ["2\n", "42", True]
    assert notes[3] == ["timeout", "kept", "42"]
    assert notes[4:] == ["'late'", "2", ["lost", "'late'", "lost"]]


@pytest.mark.row("I10")
def test_spare_that_was_killed_is_nobodys_session(box: Box) -> None:
    """One that waits ready may be the first to go when memory is short: who would have got it gets another."""
    program = f"""{LOOK}
async def main():
    async with Sandbox(SMALL, spares=1) as sandbox:
        await sandbox.run('pass')
        await asyncio.sleep(0.2)  # until the spare is there
        spare = sandbox._spares[False][0]
        jail = await spare
        signal.pidfd_send_signal(jail._exit_notice, signal.SIGKILL)
        while jail.ending is None: await asyncio.sleep(0.01)
        session = await sandbox.sessions.open(Key('a'))
        print((await session.run('1 + 1')).result, (await sandbox.run('print(2)')).stdout.strip())
asyncio.run(main())
"""
    assert box.host(program)["stdout"] == "2 2\n"
