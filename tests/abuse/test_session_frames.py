"""Promise 6 in a session: its interpreter may lie about its own results alone; what is no answer ends that session and nothing else."""

import re

import pytest

from tests.abuse.box import Box

SET_UP = "n = 41; open('kept.txt', 'w').write('kept')"
ASK = "print(n + 1)"
FILE = "print(open('kept.txt').read())"

FORGE = """
import json, os, stat
def say(frame, length=None):
    # To whatever may be the way out: every socket of this process, and the streams' own descriptors for the control.
    data = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
    head = (len(data) if length is None else length).to_bytes(4, 'little')
    for descriptor in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode): os.write(descriptor, head + data)
        except OSError: pass
def reply(call, **more): return {'call': call, 'status': 0, 'interrupted': False, 'result': None, 'displays': []} | more
n = 41
open('kept.txt', 'w').write('kept')
"""


@pytest.mark.row("D10")
def test_early_answer_of_the_code_is_its_own_lie(box: Box) -> None:
    """It gets to tell its own result; the real one, which comes after, is then one too many, and that ends the session."""
    control = 'import os; os.write(1, b\'{"outcome": "ok", "stdout": "forged"}\\n\')'
    assert box.kernel(control, "print('mine')")[1]["stdout"] == ""  # the real answer of the call before
    answers = box.sessions(
        {
            "forger": [FORGE, "say(reply(2, status=7, result='forged'))", ASK, ASK, ASK],
            "honest": [SET_UP] + ["import time; time.sleep(0.02)"] * 10 + [ASK],
        }
    )
    _, forged, after, between, last = answers["forger"]
    assert (forged["result"], forged["returncode"]) in (("forged", 7), (None, 137))
    # The real one comes before the next call is begun, or during it.
    assert (after["session"]["state"], after["outcome"] in ("error", "died")) == ("lost", True)
    assert between["session"]["state"] == ("kept" if after["outcome"] == "error" else "lost")
    assert [each["result"] for each in (after, between, last)] == [None] * 3
    assert (last["session"]["state"], "NameError" in last["stderr"]) == ("kept", True)
    assert (answers["honest"][-1]["stdout"], answers["honest"][-1]["session"]["state"]) == ("42\n", "kept")


BROKEN = {
    "number of the call before": "say(reply(1))",
    "number of the next call": "say(reply(3))",
    "number that is none": "say(reply('2'))",
    "no number": "say({'status': 0})",
    "4 GiB announced": "say(b'x' * 100, 0xffffffff)",
    "5 MiB sent": "import threading; threading.Thread(target=say, args=(b' ' * (5 << 20),)).start()",
    "two answers": "two = json.dumps(reply(2)).encode(); say(two + len(two).to_bytes(4, 'little') + two, len(two))",
    "not UTF-8": "say(b'\\xff\\xfe{}')",
    "not JSON": "say(b'{')",
    "deep": "say(b'[' * 1000000)",
    "endless number": "say(b'{\"call\": ' + b'9' * 100000 + b'}')",
    "list": "say([1, 2])",
    "null": "say(None)",
    "NaN for a status": "say(reply(2, status=float('nan')))",
    "status of 256": "say(reply(2, status=256))",
    "status below 0": "say(reply(2, status=-9))",
    "status that is true": "say(reply(2, status=True))",
    "result that is no text": "say(reply(2, result={'a': 1}))",
    "result of 4 MB": "say(reply(2, result='x' * 4000000))",
    "displays that are none": "say(reply(2, displays=[1]))",
    "display of both kinds": "say(reply(2, displays=[{'mime': 'image/png', 'text': '', 'file': 'x'}]))",
    "display that is no text": "say(reply(2, displays=[{'mime': 'image/png', 'file': 7}]))",
    "more displays than are shown": "say(reply(2, displays=[{'mime': 'a/b', 'text': ''}] * 33))",
    "display of half a character": "say(reply(2, displays=[{'mime': 'image/png', 'file': '\\ud800'}]))",
    "display of a path": "say(reply(2, displays=[{'mime': 'image/png', 'file': '../../etc/passwd'}]))",
    "display with a second line": "say(reply(2, displays=[{'mime': 'image/png', 'file': 'a\\nb'}]))",
    "media type that is none": "say(reply(2, displays=[{'mime': 'png', 'text': ''}]))",
    "media type with a header": "say(reply(2, displays=[{'mime': 'a/b\\r\\nX: y', 'text': ''}]))",
    "media type that commands": "say(reply(2, displays=[{'mime': 'a/\\x1b[2J', 'text': ''}]))",
    "media type of half a character": "say(reply(2, displays=[{'mime': 'a/\\ud800', 'text': ''}]))",
    "number with a point": "say(reply(2.0))",
    "number that is true": "say(json.dumps(reply(2)).replace('2', 'true', 1).encode())",
    "key twice": "say(json.dumps(reply(2)).replace('{', '{\"call\": 1, ', 1).encode())",
    "more than a reply has": "say(reply(2, more=1))",
    "UTF-16": "say(json.dumps(reply(2)).encode('utf-16'))",
    "UTF-16 without a mark": "say(json.dumps(reply(2)).encode('utf-16-le'))",
    "byte order mark": "say(b'\\xef\\xbb\\xbf' + json.dumps(reply(2)).encode())",
    "half a character as bytes": "say(json.dumps(reply(2, result='R')).encode().replace(b'R', b'\\xed\\xa0\\x80'))",
    "deep in a field": "say(json.dumps(reply(2)).encode().replace(b'[]', b'[' * 100000 + b']' * 100000))",
    "many small values": "say(json.dumps(reply(2)).encode().replace(b'[]', b'[' + b'[],' * 300000 + b'1]'))",
    "pickle": "import pickle; say(pickle.dumps(print))",
    "door closed": "[os.close(fd) for fd in range(3, 256) if os.path.exists(f'/proc/self/fd/{fd}')]",
    "half a frame": "say(b'', 100); os.close(max(int(fd) for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}')))",
}


@pytest.mark.row("D10")
@pytest.mark.row("D12")
@pytest.mark.row("D13")
@pytest.mark.parametrize("half", [0, 1])
def test_broken_frame_ends_its_session_and_nothing_else(box: Box, half: int) -> None:
    """Every kind of nonsense, each from a session of its own, and an honest one beside them all the time."""
    assert box.kernel("import os; os.write(1, b'{\\n')")[0]["outcome"] == "the host fell"
    told = {
        name: [FORGE, f"{code}\nimport time; time.sleep(60)", ASK, FILE]
        for name, code in [*BROKEN.items()][half::2]
    }
    told["honest"] = [SET_UP] + ["import time; time.sleep(0.05)"] * 40 + [ASK]
    answers = box.sessions(told, wall_seconds=6.0, memory_bytes=64 << 20)  # a dozen at once
    honest = answers.pop("honest")
    assert (honest[-1]["stdout"], honest[-1]["session"]["state"]) == ("42\n", "kept")
    for name, (_, broken, after, file) in answers.items():
        is_waited_for = name == "half a frame"
        assert (name, broken["outcome"]) == (name, "timeout" if is_waited_for else "died")
        why = "stopped after 6 s" if is_waited_for else "the code broke the connection"
        assert broken["reason"].startswith(why)
        assert (broken["result"], broken["displays"], broken["session"]["state"]) == (None, [], "lost")
        assert broken["seconds"] < (9 if is_waited_for else 6)
        assert (name, after["session"]["state"], "NameError" in after["stderr"]) == (name, "lost", True)
        assert "variables and imports are lost" in after["session"]["notice"]
        assert (file["stdout"], file["session"]["state"]) == ("kept\n", "kept")


EARLY = (
    FORGE
    + """
import threading
def early():
    while not os.path.exists('go'): pass
    say(reply(2, result="'forged'" + ' ' * PADDING))
    open('said', 'w').close()
threading.Thread(target=early).start()
"""
)


@pytest.mark.row("D10")
@pytest.mark.row("D13")
@pytest.mark.parametrize(
    ("wait", "padding"),
    [("await asyncio.sleep(0.01)", 0), ("time.sleep(0.01)", 0), ("time.sleep(0.01)", 90_000)],
)
def test_frame_between_the_calls_ends_the_session_and_is_no_answer(box: Box, wait: str, padding: int) -> None:
    """Said early, it must not be the next call's answer: that one is run, in another interpreter, and told so.

    So it is also where the host was busy meanwhile, and hears of it only when the next call begins; and where that much is more than
    is read at once.
    """
    program = f"""
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        session = await sandbox.sessions.open(Key('a'))
        await session.run({EARLY.replace("PADDING", str(padding))!r})
        await session.workspace.put('go', data(b''))
        while 'said' not in [file.name for file in session.workspace.list().files]: {wait}
        for code in ("'n' in dir(), open('kept.txt').read()", "1 + 1"):
            answer = await session.run(code)
            print(answer.result, answer.session['state'], 'variables and imports are lost' in answer.session['notice'])
asyncio.run(main())
"""
    early = 'import os; os.write(1, b\'{"outcome": "ok", "stdout": "1"}\\n{"outcome": "ok", "stdout": "forged"}\\n\')'
    assert box.kernel(early, "print('real')")[1]["stdout"] == "forged"
    assert box.host(program)["stdout"] == "(False, 'kept') lost True\n2 kept False\n"


NAMES = [
    "etc/passwd",
    "link",
    "folder/passwd",
    "fifo",
    "%2e%2e/etc/passwd",
    "\ufffd",
    "x" * 255,
]
LIE = (
    FORGE
    + f"""
os.symlink('/etc/passwd', 'link'); os.symlink('/etc', 'folder'); os.mkfifo('fifo')
say(reply(1, displays=[{{'mime': 'image/png', 'file': name}} for name in {NAMES!r}]))
import time; time.sleep(1)
"""
)


@pytest.mark.row("D10")
@pytest.mark.row("F8")
def test_display_that_the_code_makes_up_leads_to_no_file_of_the_host(box: Box) -> None:
    """The name in a forged display is a path that somebody else chose: it is looked up below the workspace, and links are not followed."""
    program = f"""
from plugcli.sandbox import FileRefused
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        session = await sandbox.sessions.open(Key('a'))
        answer = await session.run({LIE!r})
        kinds = set()
        for display in answer.displays:
            try:
                with session.workspace.open(display['file']) as download: kinds.add(download.read(0, 100))
            except FileRefused as error: kinds.add(error.kind)
        print(len(answer.displays), kinds)
asyncio.run(main())
"""
    naive = "import os; os.symlink('/etc/passwd', 'link'); print('root:' in open('link').read())"
    assert box.outside(naive)["stdout"] == "True\n"
    assert box.host(program)["stdout"] == f"{len(NAMES)} {{'missing'}}\n"


DAMAGE = {
    "closed": "os.close(0); os.close(1); os.close(2)",
    "closed files": "sys.stdout.close(); sys.stderr.close(); sys.stdin.close()",
    "none": "sys.stdout = sys.stderr = None",
    "swapped": "os.dup2(os.open('/dev/null', os.O_RDWR), 1); os.dup2(1, 2)",
    "odd objects": "sys.stdout = sys.stderr = type('S', (), {'write': lambda *_: 1/0, 'flush': lambda *_: 1/0})()",
    "not blocking": "os.set_blocking(1, False); os.set_blocking(2, False)",
    "detached": "sys.stdout.detach(); sys.stderr.detach()",
    "everything": "os.closerange(0, 3); sys.__stdout__ = sys.stdout = None; del sys.stderr",
    "no descriptors": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))",
}


@pytest.mark.row("D8")
@pytest.mark.row("D9")
def test_streams_that_a_call_broke_work_in_the_next(box: Box) -> None:
    """A session outlives what one call does to its streams: the answer comes, and the next call prints."""
    assert box.kernel("import sys; sys.stdin.close(); n = 41", ASK)[1]["stdout"] != "42\n"
    told = {name: [f"{SET_UP}; import os, sys", damage, ASK] for name, damage in DAMAGE.items()}
    for name, (_, _, after) in box.sessions(told, memory_bytes=64 << 20).items():
        assert (name, after["stdout"], after["session"]["state"]) == (name, "42\n", "kept")


EXITS = {
    "sys.exit()": 0,
    "sys.exit(0)": 0,
    "sys.exit('words')": 1,
    "sys.exit(300)": 44,
    "sys.exit(-1)": 255,
    "sys.exit(2**40)": 0,
    "exit(3)": 3,
    "raise SystemExit(4)": 4,
    "raise KeyboardInterrupt": 130,
    "raise BaseException('odd')": 1,
    "import threading; threading.Thread(target=sys.exit, args=(5,)).start()": 0,
}


@pytest.mark.row("E8")
@pytest.mark.row("E10")
def test_exit_ends_the_call_with_pythons_status_and_not_the_session(box: Box) -> None:
    """A script that ends with sys.exit() is a call like any other."""
    assert box.kernel(SET_UP, "import sys; sys.exit(3)", ASK)[2]["outcome"] != "ok"
    answers = box.session(f"{SET_UP}; import sys", *EXITS, ASK)
    got = {code: answer["returncode"] for code, answer in zip(EXITS, answers[1:-1], strict=True)}
    assert got == EXITS
    assert {answer["session"]["state"] for answer in answers[1:]} == {"kept"}
    assert answers[-1]["stdout"] == "42\n"


DEATHS = {
    "import os; os._exit(7)": (7, "exit status 7"),
    "import os; os._exit(0)": (0, "exit status 0"),
    "import os; os.abort()": (134, "SIGABRT"),
    "import ctypes; ctypes.string_at(0)": (139, "SIGSEGV"),
    "import os; os.kill(os.getpid(), 9)": (137, "SIGKILL"),
    "import os; os.kill(os.getpid(), 15)": (143, "SIGTERM"),
    "import os; os.execv('/bin/true', ['true'])": (0, "exit status 0"),
}


@pytest.mark.row("D17")
@pytest.mark.row("E9")
@pytest.mark.row("I18")
def test_death_of_the_interpreter_is_told_now_and_in_the_next_answer(box: Box) -> None:
    """With its cause, what was printed before, and what is lost and kept: a restart without a word is a wrong result later."""
    died, after = box.kernel(SET_UP, "import os; os._exit(7)", ASK)[1:]
    assert (died["outcome"], after["outcome"], "NameError" in after["stdout"]) == ("died", "error", True)
    told = {code: [SET_UP, f"print('begun')\n{code}", ASK, FILE] for code in DEATHS}
    for code, (_, died, after, file) in box.sessions(told, memory_bytes=64 << 20).items():
        status, why = DEATHS[code]
        assert (code, died["outcome"], died["returncode"], died["stdout"]) == (
            code,
            "died",
            status,
            "begun\n",
        )
        assert why in died["reason"]
        assert [each["session"]["state"] for each in (died, after, file)] == ["lost", "lost", "kept"]
        assert why in after["session"]["notice"]
        folder = r"/mnt/tmp/plugcli-\w+/\d+/data" if box.is_landlock else "/mnt/data"
        assert re.search(rf"the files in {folder} are kept", after["session"]["notice"])
        assert file["stdout"] == "kept\n"


POISON = {
    "builtins": """
import builtins
for name in ('print', 'len', 'repr', 'open', 'compile', 'exec', 'eval', 'getattr', 'isinstance', 'map'): setattr(builtins, name, None)
""",
    "modules": "import sys\nfor name in list(sys.modules): sys.modules[name] = None",
    "json": "import json.encoder\njson.dumps = json.encoder.encode_basestring_ascii = json.JSONEncoder.encode = lambda *_: 'poison'",
    "traceback": "import traceback\ntraceback.print_exception = traceback.TracebackException = lambda *_, **__: 1/0",
    "os": "import os\nos.write = os.read = os.dup2 = os._exit = os.getpid = lambda *_: 1/0",
    "hooks": "import sys\nsys.excepthook = sys.displayhook = sys.unraisablehook = lambda *_: 1/0\nsys.settrace(lambda *_: 1/0)",
    "audit": "import sys\nsys.addaudithook(lambda event, _: 1/0 if event == 'compile' else None)",
    "path": "import sys\nsys.path[:] = ['/nowhere']; sys.meta_path.clear(); sys.path_hooks.clear()",
}


@pytest.mark.row("E12")
def test_poison_meets_only_the_session_that_brought_it(box: Box) -> None:
    """Its own later calls suffer; it answers all the same, or dies and says so, and its sibling knows of nothing."""
    assert box.kernel("import json; json.loads = None", "print(1)")[1]["outcome"] == "error"
    told = {name: [poison, "1 + 1", "raise ValueError"] for name, poison in POISON.items()}
    told["sibling"] = [SET_UP, *["import json; json.dumps([1]); print(len(repr(1)))"] * 10, ASK]
    answers = box.sessions(told, wall_seconds=5.0, memory_bytes=64 << 20)
    assert answers.pop("sibling")[-1]["stdout"] == "42\n"
    for name, (_, after, error) in answers.items():
        assert (name, after["outcome"] in ("ok", "error", "died")) == (name, True)
        assert after["result"] == ("2" if after["outcome"] == "ok" else None)
        assert (name, error["outcome"] in ("error", "died"), error["returncode"] != 0) == (name, True, True)


SEARCH = """
def search(words):
    found = set()
    with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', buffering=0) as memory:
        for line in maps:
            start, end = (int(n, 16) for n in line.split()[0].split('-'))
            if line.split()[1][0] != 'r' or end - start > 256 << 20 or '[v' in line: continue
            memory.seek(start)
            try: data = memory.read(end - start)
            except OSError: continue
            for word in words:
                start, end = word[:4:-1].encode(), word[4::-1].encode()
                at = data.find(start)
                while at >= 0 and not data.startswith(end, at + len(start)): at = data.find(start, at + 1)
                if at >= 0: found.add(word)
    return sorted(found)
"""


@pytest.mark.row("E13")
@pytest.mark.row("I1")
@pytest.mark.row("I21")
def test_nothing_in_the_interpreter_opens_another_session(box: Box) -> None:
    """Its frames, objects and memory hold calls and a socket: no id, no handle, no text of another session, nothing of the host."""
    # The words are written backwards and put together nowhere, so that a search does not find itself.
    control = box.kernel(
        f"{SEARCH}\nkept = 'the-text' + '-of-session-one'", "print(search(['eno-noisses-fo-txet-eht']))"
    )
    assert control[1]["stdout"] == "['eno-noisses-fo-txet-eht']\n"
    program = f"""
async def main():
    async with Sandbox(SMALL, spares=1) as sandbox:
        one = await sandbox.sessions.open(Key('the-key-of-one'))
        await one.run("kept = 'the-text-of-session-one' * 1000")
        two = await sandbox.sessions.open(Key('the-key-of-two'))
        await two.run("kept = 'the-text-of-session-two' * 1000")
        await two.run({SEARCH!r})
        words = [one.id, one.handle, two.id, two.handle, 'the-key-of-one', 'the-key-of-two', 'the-host-keeps-this']
        words += ['the-text-of-session-one', 'the-text-of-session-two']
        print((await two.run(f'search({{[word[::-1] for word in words]!r}})')).result)
asyncio.run(main())
"""
    assert box.host(program)["stdout"] == "['owt-noisses-fo-txet-eht']\n"


RICH = """
class Picture:
    def __init__(self, size): self.size = size
    def _repr_png_(self): return bytes(self.size)
class Page:
    def __init__(self, size): self.size = size
    def _repr_html_(self): return 'x' * self.size
"""


@pytest.mark.row("D16")
def test_pictures_and_displays_are_bounded_and_what_is_left_out_is_said(box: Box) -> None:
    """A hundred thousand figures or a picture of a gigabyte are the model's mistake, and no answer is made of them."""
    # Outside nothing counts: what the code shows is what there is to send.
    control = f"{RICH}\nprint(sum(len(Page(1000)._repr_html_()) for _ in range(100000)))"
    assert box.outside(control)["stdout"] == "100000000\n"
    many, large, page, huge, after = box.session(
        RICH + "for _ in range(100000): display(Picture(10))",
        "Picture(17 << 20)",
        "Page(1 << 20)",
        "Picture(1 << 40)",
        "1 + 1",
    )
    assert (len(many["displays"]), len(many["files"]), many["outcome"]) == (32, 32, "ok")
    assert many["stderr"] == "only the first 32 displays of a call are shown\n"
    assert "image/png is left out: 17825792 bytes" in large["stderr"]
    assert "text/html is left out: 1048576 bytes" in page["stderr"]
    assert "MemoryError" in huge["stderr"]
    assert (large["displays"], page["displays"], huge["displays"]) == ([], [], [])
    assert (after["result"], after["displays"]) == ("2", [])
