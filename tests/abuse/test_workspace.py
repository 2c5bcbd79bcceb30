"""Promises 4 and 6 at the workspace: what lies there is hostile, and the host lists, takes and brings files all the same."""

import pytest

from tests.abuse.box import Box

FILES = """
session = await opened('a')
files = session.workspace
async def put(name, *parts):
    try: return (await files.put(name, data(*parts))).bytes
    except FileRefused as error: return error.kind
def get(name):
    try:
        with files.open(name) as download: return download.read(0, 100).decode(errors='replace')
    except FileRefused as error: return error.kind
def names(): return [file.name for file in files.list().files]
"""
"""For `Box.notes`: a session and what the host does with its files."""


HOSTILE_NAMES = [
    *("", ".", "..", "/", "../x", "../../etc/x", "/etc/x", "a/../../x", "a/./b", "a//b", "a/", "./a"),
    *(
        "a\0b",
        "a\nb",
        "\x1b[2J",
        "\x7f",
        "C:\\x",
        "c:x",
        "a\\b",
        "\\\\host\\x",
        "x" * 256,
        "ü" * 128,
        "a/" * 600 + "b",
    ),
    *(".upload-0123", "\ud800\ud800"),
]


LOOK_AROUND = """
import os
def listing(folder):
    try: return os.listdir(folder)
    except PermissionError: return []
print(os.listdir(), [name for name in listing(os.environ['TMPDIR']) + listing('/') if 'x' in name])
"""


@pytest.mark.row("F7")
def test_upload_with_an_odd_name_is_refused(box: Box) -> None:
    """A name is chosen by whoever sends the file: it is one of a file below the workspace, or nothing is written."""
    naive = "import os\nos.mkdir('store')\nopen(os.path.join('store', '../escaped'), 'w').close()\nprint(os.path.exists('escaped'))"
    assert box.outside(naive)["stdout"] == "True\n"
    kinds, listed, inside = box.notes(
        FILES
        + f"""
notes.append([await put(name, b'x') for name in {HOSTILE_NAMES!r}])
notes.append(names())
notes.append((await session.run({LOOK_AROUND!r})).stdout)
""",
    )
    assert kinds == ["name"] * len(HOSTILE_NAMES)
    assert (listed, inside) == ([], "[] []\n")


ODD_FILES = """
import os, socket
open('file', 'w').write('mine'); os.mkdir('folder'); open('folder/passwd', 'w').write('mine')
os.symlink('/etc/passwd', 'absolute'); os.symlink('../../etc/passwd', 'relative'); os.symlink('file', 'near')
os.symlink('/etc', 'outer'); os.symlink('folder', 'inner'); os.symlink('loop', 'loop'); os.symlink('/proc/self/fd/0', 'magic')
os.link('file', 'hard'); os.mkfifo('fifo')
try: socket.socket(socket.AF_UNIX).bind('socket')
except PermissionError: os.mkfifo('socket')  # where no socket can be made
open('secret', 'w').write('x'); os.chmod('secret', 0)
for node in (('null', 0o20666, 1, 3), ('disk', 0o60666, 8, 0)):
    try: os.mknod(node[0], node[1], os.makedev(*node[2:]))
    except OSError as e: print(type(e).__name__)
try: os.link('/etc/passwd', 'stolen')
except OSError as e: print(type(e).__name__)
"""


@pytest.mark.row("F8")
@pytest.mark.row("F10")
@pytest.mark.row("F11")
def test_only_regular_files_come_out_and_no_link_is_followed(box: Box) -> None:
    """A link opened with the host's eyes gives the host's file, and a pipe makes whoever opens it wait for ever."""
    naive = "import os\nos.symlink('/etc/passwd', 'result')\nprint(open('result').read()[:5])"
    assert box.outside(naive)["stdout"] == "root:\n"
    assert box.outside("import os\nos.mkfifo('result')\nopen('result')", seconds=1)["outcome"] == "timeout"
    made, listed, got, kept, deleted = box.notes(
        FILES
        + f"""
result = await session.run({ODD_FILES!r})
notes.append([result.stdout, [file['name'] for file in result.files]])
notes.append(names())
wanted = ['file', 'hard', 'folder/passwd', 'secret', 'folder', 'absolute', 'relative', 'near', 'outer/passwd', 'inner/passwd']
wanted += ['loop', 'magic', 'fifo', 'socket', 'disk']
notes.append({{name: get(name) for name in wanted}})
def delete(name):
    try: files.delete(name)
    except FileRefused as error: return error.kind
notes.append([delete(name) for name in ('near', 'outer/passwd', 'inner/passwd', 'fifo', 'folder', '..', 'folder/passwd')])
notes.append((await session.run("print(open('file').read(), sorted(os.listdir('folder')), os.path.islink('near'))")).stdout)
""",
    )
    regular = ["file", "folder/passwd", "hard", "secret"]
    assert made == ["PermissionError\nPermissionError\nOSError\n", regular]
    assert listed == regular
    mine = {"file": "mine", "hard": "mine", "folder/passwd": "mine"}
    # Root may read what has no mode; a user may not, and is told why.
    secret = {"secret": "x" if box.who == "root" else "conflict"}
    assert {name: text for name, text in got.items() if text != "missing"} == mine | secret
    assert kept == ["missing"] * 6 + [None]
    assert deleted == "mine [] True\n"


@pytest.mark.row("F8")
@pytest.mark.row("F11")
@pytest.mark.row("F16")
def test_upload_replaces_what_is_there_and_writes_through_nothing(box: Box) -> None:
    """A link, a pipe or a folder that has the name of an upload: it is replaced or refused, and what it leads to is left alone."""
    naive = "import os\nopen('kept', 'w').write('kept')\nos.symlink('kept', 'x')\nopen('x', 'w').write('new')\nprint(open('kept').read())"
    assert box.outside(naive)["stdout"] == "new\n"
    code = """
import os
os.mkdir('folder'); os.mkdir('full'); open('full/x', 'w').close(); open('file', 'w').write('kept'); os.mkfifo('fifo')
os.symlink('file', 'link'); os.symlink('/tmp', 'outer'); os.symlink('/nowhere', 'dangling'); os.symlink('folder', 'inner')
os.mkdir('closed'); os.chmod('closed', 0)
"""
    targets = [
        "link",
        "dangling",
        "fifo",
        "folder",
        "full",
        "file/x",
        "fifo2/x",
        "link/x",
        "outer/x",
        "inner/x",
        "outer/a/b",
        "new/a/b",
    ]
    notes = box.notes(
        FILES
        + f"""
await session.run({code!r})
notes.append({{name: await put(name, b'new') for name in {targets!r}}})
notes.append(get('file'))
notes.append([get(name) for name in ('link', 'dangling', 'fifo', 'new/a/b', 'link/x')])
look = "print(os.path.isdir('folder'), os.path.exists('/tmp/x'), os.listdir('full'), [n for n in os.listdir() if 'upload' in n])"
notes.append((await session.run(look)).stdout)
""",
    )
    taken = {name: 3 for name in ("link", "dangling", "fifo", "fifo2/x", "new/a/b")}
    assert notes[0] == {name: taken.get(name, "conflict") for name in targets}
    assert notes[1:] == ["kept", ["new"] * 4 + ["missing"], "True False ['x'] []\n"]


SWAP = """
import os, threading
os.mkdir('real'); open('real/passwd', 'w').write('mine'); os.symlink('/etc', 'fake')
for n in range(50): os.mkdir(f'real/{n}'); open(f'real/{n}/passwd', 'w').write('mine')
def swap():
    while True:
        for name in ('real', 'fake'): os.rename(name, 'd'); os.rename('d', name)
threading.Thread(target=swap, daemon=True).start()
"""


@pytest.mark.row("F8")
@pytest.mark.row("F9")
def test_folder_that_becomes_a_link_while_it_is_read_leads_nowhere(box: Box) -> None:
    """Between a look and an open there is always time enough for the code: no step on the way may be a link."""
    notes = box.notes(
        FILES
        + f"""
await session.run({SWAP!r})
naive, seen, listed = set(), set(), set()
until = time.monotonic() + 10
while not naive - {{'mine', None}} or len(seen) < 2 or time.monotonic() < until - 9.5:
    path = f'/proc/self/fd/{{files._folder}}/d/passwd'
    try: naive.add(Path(path).read_text())
    except OSError: naive.add(None)
    seen.add(get('d/passwd'))
    listed |= {{name.rpartition('/')[2] for name in names()}}
    if time.monotonic() > until: break
    await asyncio.sleep(0)
notes.append([bool(naive - {{'mine', None}}), sorted(seen), sorted(listed)])
""",
    )
    assert notes == [[True, ["mine", "missing"], ["passwd"]]]


@pytest.mark.row("F12")
@pytest.mark.row("F18")
@pytest.mark.row("F28")
def test_file_that_changes_while_it_is_sent_is_sent_as_long_as_it_was(box: Box) -> None:
    """Grown, cut off, deleted, replaced, sparse: never more than its size when it was opened, never a wait, and bytes only: no mode."""
    naive = """
import os, shutil, threading
with open('log', 'w') as file: file.write('x')
def grow():
    with open('log', 'a') as file:
        while True: file.write('x' * 4096); file.flush()
threading.Thread(target=grow, daemon=True).start()
total, file = 0, open('log')
while total < 50 << 20: total += len(file.read(1 << 16))
open('tool', 'w').close(); os.chmod('tool', 0o4755); shutil.copy('tool', 'copy')
print(total >> 20, oct(os.stat('copy').st_mode), flush=True)
os._exit(0)
"""
    assert box.outside(naive)["stdout"] == "50 0o104755\n", "a byte long when it was opened"
    notes = box.notes(
        FILES
        + """
await session.run("import os\\nfor n in ('grown', 'cut', 'deleted', 'replaced'): open(n, 'w').write('x' * 10)")
await session.run("os.truncate(os.open('sparse', os.O_CREAT | os.O_RDWR), 60 << 20); os.chmod('grown', 0o6777)")
downloads = {name: files.open(name) for name in ('grown', 'cut', 'deleted', 'replaced', 'sparse')}
opened = {name: each.__enter__() for name, each in downloads.items()}
await session.run("open('grown', 'a').write('y' * 1000); os.truncate('cut', 3); os.remove('deleted')")
await session.run("open('tmp', 'w').write('other'); os.rename('tmp', 'replaced')")
def read(file): return [file.bytes, file.read(0, 1 << 20)[:20].decode(), len(file.read(5, 1 << 20)), file.read(100 << 20, 10).decode()]
notes.append({name: read(file) for name, file in opened.items()})
import dataclasses, stat
await session.run("os.chmod('replaced', 0o4777)")
with files.open('replaced') as download: Path('taken').write_bytes(download.read(0, 100))
notes.append([sorted(field.name for field in dataclasses.fields(download.file)), oct(os.stat('taken').st_mode & 0o7111)])
for each in downloads.values(): each.__exit__(None, None, None)
""",
        memory_bytes=128 << 20,
    )
    assert notes[0] == {
        "grown": [10, "x" * 10, 5, ""],
        "cut": [10, "xxx", 0, ""],
        "deleted": [10, "x" * 10, 5, ""],
        "replaced": [10, "x" * 10, 5, ""],
        "sparse": [60 << 20, "\0" * 20, 1 << 20, ""],
    }
    assert notes[1] == [["bytes", "mime", "name"], "0o0"]


CROWD = """
import os
count = 0
try:
    for folder in range(1000):
        os.mkdir(f'{folder}')
        for n in range(1000): os.close(os.open(f'{folder}/{n}', os.O_CREAT | os.O_WRONLY)); count += 1
except OSError as error: print(error.strerror, count > 30000)
"""
DEEP = """
import os
for _ in range(1500): os.mkdir('d'); os.chdir('d')
open('bottom', 'w').write('x')
for _ in range(1500): os.chdir('..')
open('top', 'w').write('x')
"""


@pytest.mark.row("F13")
@pytest.mark.row("F14")
@pytest.mark.row("F17")
def test_list_of_a_crowded_or_deep_workspace_is_short_and_quick(box: Box) -> None:
    """A million files or a thousand folders in each other: a part is listed, it is said that more are there, and the server goes on."""
    naive = f"""
{DEEP}
def walk(folder):
    for name in os.listdir(folder):
        if name == 'd': walk(f'{{folder}}/{{name}}')
try: walk('.')
except (OSError, RecursionError) as error: print(type(error).__name__)
for _ in range(1500): os.chdir('d')
os.remove('bottom')
for _ in range(1500): os.chdir('..'); os.rmdir('d')
"""
    assert box.outside(naive)["stdout"] == "RecursionError\n"
    notes = box.notes(
        f"""
async def beat():
    worst, last = 0.0, time.monotonic()
    try:
        while True:
            await asyncio.sleep(0.01)
            worst, last = max(worst, time.monotonic() - last), time.monotonic()
    except asyncio.CancelledError: return worst
beating = asyncio.create_task(beat())
for name, code in (('crowd', {CROWD!r}), ('deep', {DEEP!r})):
    session = await opened(name)
    result = await session.run(code)
    notes.append([result.outcome, result.stdout, len(result.files), result.truncated['files'] > 0])
    started = time.monotonic()
    listing = session.workspace.list()
    notes.append([len(listing.files), listing.left_out > 0, time.monotonic() - started < 1])
    again = await session.run('1 + 1')
    notes.append(again.result)
beating.cancel()
notes.append(await beating < 1)
""",
        memory_bytes=1 << 30,
    )
    assert notes[0][0] == "ok"
    assert notes[0][1] == "No space left on device True\n"
    assert notes[0][2:] == [1000, True]
    assert notes[1:4] == [[1000, True, True], "2", ["ok", "", 1, True]]
    assert notes[4:] == [[1, True, True], "2", True]


MANY = """
import os
for folder in range(100):
    os.mkdir(f'{folder}')
    for n in range(100): os.close(os.open(f'{folder}/{n}', os.O_CREAT | os.O_WRONLY))
"""


@pytest.mark.row("F14")
def test_large_workspace_is_not_walked_where_others_are_served(box: Box) -> None:
    """The code decides how long a walk takes: nobody but its own session waits for it, whoever asks and however often."""
    notes = box.notes(
        f"""
import threading
from plugcli.sandbox import workspace
walk, here = workspace._walk, threading.get_ident()
def watched(top, effort, rest):
    look = walk(top, effort, rest)
    walks.append([threading.get_ident() == here, len(look.stamps) > 1000])
    return look
workspace._walk, walks = watched, []
session = await opened('many')
await session.run({MANY!r})
await session.run('1')
try: await session.workspace.put('one', data(b'1'))
except workspace.FileRefused as error: notes.append(error.kind)
await session.workspace.aside(session.workspace.list)
notes.append([sorted({{is_large for is_here, is_large in walks if is_here}}), any(is_large for _, is_large in walks)])
small = await opened('small')
walks.clear()
result = await small.run("open('a', 'w').close()")
notes.append([[file['name'] for file in result.files], [is_here for is_here, _ in walks]])
""",
        memory_bytes=1 << 30,
    )
    assert notes == ["too_many", [[False], True], [["a"], [True]]]


DRIP = """
import os
for _ in range(3):
    if os.fork() == 0:
        while True: os.write(1, b'x')
"""


@pytest.mark.row("F14")
def test_output_that_never_ends_does_not_hold_an_answer(box: Box) -> None:
    """What was written before the end of a call is taken, and not what comes while it is taken: that may never stop."""
    notes = box.notes(
        f"""
from plugcli.sandbox.handle import Jail
drain, read = Jail.drain, Jail._read
def counted(self, *arguments):
    count = read(self, *arguments)
    taken[-1] += count
    return count
def drained(self):
    taken.append(0)
    drain(self)
    drains.append(taken.pop())
Jail.drain, Jail._read, taken, drains = drained, counted, [0], []
session = await opened('drip')
await session.run({DRIP!r})
for number in range(50): await session.run('1')
notes.append([len(drains) >= 100, max(drains) <= 2 << 20])
"""
    )
    assert notes == [[True, True]]


NAMES = [
    *(
        "with space.csv",
        "ü.csv",
        "-rf",
        '"quoted"',
        "a'b",
        "new\nline",
        "tab\t",
        "\x1b[31mred",
        "\u202egpj.exe",
        "%2e%2e",
        "<b>.html",
    ),
    *(
        "a;b",
        "x" * 255,
        "日本語.txt",
        "emoji 🎉",
        "CON",
        "a:b",
        "back\\slash",
        "\udcff\udcfe.txt",
        "caf\u0065\u0301",
    ),
]
SAFE = "(inline|attachment); filename=\"[ !#-~]*\"(; filename\\*=UTF-8''[!-~]*)?"


@pytest.mark.row("F15")
def test_files_with_odd_names_are_listed_and_fetched(box: Box) -> None:
    """Whatever bytes a name has, it comes out as text that leads back to the file, and no header of an answer breaks on it."""
    naive = "name = 'a\"\\r\\nSet-Cookie: x'\nprint(f'Content-Disposition: attachment; filename=\"{name}\"'.count('\\n'))"
    assert box.outside(naive)["stdout"] == "1\n"
    code = f"for name in {NAMES!r}: open(name, 'w', errors='surrogateescape').write(ascii(name))"
    notes = box.notes(
        FILES
        + f"""
result = await session.run({code!r})
exact = [file['name'] for file in result.files]
notes.append(exact == sorted({NAMES!r}) == names())
said = [file['name'] for file in result.as_json()['files']]
notes.append(said == [name.encode('utf-8', 'surrogateescape').decode(errors='replace') for name in exact])
notes.append([name for name in {NAMES!r} if get(name) != ascii(name)[:100]])
import re
from plugcli.builtin.python.download import disposition
notes.append([name for name in {NAMES!r} if not re.fullmatch({SAFE!r}, disposition(name))])
""",
    )
    assert notes == [True, True, [], []]


@pytest.mark.row("F19")
def test_archive_that_is_uploaded_is_a_file(box: Box) -> None:
    """Nobody unpacks it but the code, within the workspace's limit."""
    bomb = """
import io, zipfile
packed = io.BytesIO()
with zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as archive: archive.writestr('bomb', bytes(100 << 20))
"""
    naive = f"{bomb}\nimport os\nzipfile.ZipFile(packed).extractall('.')\nprint(len(packed.getvalue()) < 200000, os.path.getsize('bomb'))"
    assert box.outside(naive)["stdout"] == "True 104857600\n"
    notes = box.notes(
        FILES
        + f"""
exec({bomb!r}, globals())
notes.append(await put('bomb.zip', packed.getvalue()) == len(packed.getvalue()))
notes.append([names(), files.used_bytes < 200000])
result = await session.run("import zipfile; zipfile.ZipFile('bomb.zip').extractall('.')")
notes.append([result.outcome, 'No space left' in result.stderr, 'the workspace is full: 32 MiB' in result.reason])
""",
    )
    full = ["out_of_memory", False, False] if box.is_landlock else ["error", True, True]
    assert notes == [True, [["bomb.zip"], True], full]


@pytest.mark.row("B9")
@pytest.mark.row("F17")
def test_full_workspace_names_itself_to_code_and_to_uploads(box: Box) -> None:
    """By code or by upload, in bytes, in size of one or in number: each limit says its name, and deleting makes room."""
    notes = box.notes(
        FILES
        + """
async def words(name, count):
    try: return (await files.put(name, data(*[bytes(1 << 20)] * count))).bytes >> 20
    except FileRefused as error: return [error.kind, error.message, bool(error.hint)]
notes.append(await words('large', 21))
notes.append([await words('one', 20), await words('two', 20), names()])
result = await session.run("open('more', 'wb').write(bytes(20 << 20))")
notes.append([result.outcome, result.stderr.strip().rpartition('\\n')[2], result.reason])
await session.run("import os; os.remove('more')")
files.delete('one')
notes.append(await words('two', 20))
await session.run("for n in range(29): open(str(n), 'w').close()")
notes.append([await words('another', 1), await words('two', 1)])
notes.append((await session.run("[name for name in os.listdir() if 'upload' in name]")).result)
""",
        file_bytes=20 << 20,
        files=30,
    )
    full = "the workspace is full: 32 MiB is the limit of /mnt/data"
    assert notes[0] == ["too_large", "'large' is larger than 20 MiB: the limit on one file", True]
    assert notes[1] == [20, ["full", full, True], ["one"]]
    assert notes[2] == [
        "error",
        "OSError: [Errno 28] No space left on device",
        f"the code exited with status 1; {full}",
    ]
    assert notes[3] == 20
    assert notes[4] == [
        ["too_many", "there are 30 files in the workspace: the limit on their number", True],
        1,
    ]
    assert notes[5] == "[]"


@pytest.mark.row("B9")
@pytest.mark.row("B18")
def test_upload_counts_in_the_memory_of_the_jail(box: Box) -> None:
    """Uploads are memory: held by the server, they would be outside every count."""
    allocate = "x = bytearray(60 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nlen(x) >> 20"
    notes = box.notes(
        FILES
        + f"""
notes.append((await session.run({allocate!r})).result)
await session.run('del x')
notes.append([await put('data', *[bytes(1 << 20)] * 40), files.used_bytes >> 20])
over = await session.run({allocate!r})
notes.append([over.outcome, '96 MiB' in over.reason])
after = await session.run("import os; os.path.getsize('data')")
notes.append([after.result, after.session['state']])
""",
        memory_bytes=96 << 20,
    )
    assert notes == ["60", [40 << 20, 40], ["out_of_memory", True], [str(40 << 20), "lost"]]


HUNT = """
import os, threading, signal
def hunt(number):
    while not os.path.exists('enough'):
        for pid in os.listdir('/proc'):
            if pid.isdigit() and int(pid) not in (1, os.getpid()):
                try: os.kill(int(pid), number)
                except OSError: pass
threading.Thread(target=hunt, args=({0},), daemon=True).start()
"""


@pytest.mark.row("C11")
@pytest.mark.row("F16")
def test_code_that_hunts_the_writer_has_no_file_and_nobody_waits(box: Box) -> None:
    """An upload is written by a process of the jail, which the code can kill or stop: then it is refused in time."""
    body = """
from plugcli.sandbox import workspace
workspace._SCRIPT = None
workspace._SCRIBE_SECONDS = 0.5
for name, code in {codes!r}.items():
    session = await opened(name)
    files = session.workspace
    await session.run(code)
    async def slow():
        for _ in range(50):
            yield bytes(20000)
            await asyncio.sleep(0.001)
    started = time.monotonic()
    try: answer = (await files.put('x', slow())).bytes
    except FileRefused as error: answer = [error.kind, bool(error.message), bool(error.hint)]
    notes.append([name, answer, time.monotonic() - started < 5, [file.name for file in files.list().files]])
    after = await session.run("__import__('os').close(__import__('os').open('enough', 64))\\n1 + 1")
    notes.append([after.result, after.session['state']])
    late = await session.run('while True: pass', wall_seconds=0.2)
    notes.append([late.session['state'], await put('y', b'y')])
"""
    crowd = """
import threading, time
try:
    while True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
except RuntimeError: pass
"""
    codes = {
        "kills": HUNT.replace("{0}", "9"),
        "stops": HUNT.replace("{0}", "19"),
        "crowds": crowd,
    }
    body = body.replace("{codes!r}", repr(codes)).replace("workspace._SCRIPT = None\n", "")
    notes = box.notes(FILES + body, processes=16)
    for name in codes:
        told_first, after, later = notes[:3]
        del notes[:3]
        has_room = name == "crowds"  # the init may have a process more than the code
        assert told_first == [
            name,
            1_000_000 if has_room else ["busy", True, True],
            True,
            ["x"] if has_room else [],
        ]
        assert after == ["2", "kept"]
        assert later == ["kept", 1]


@pytest.mark.row("F16")
def test_uploads_of_one_name_at_once_leave_one_whole(box: Box) -> None:
    """Two tabs send the same file: the last one wins, whole. One that breaks off in the middle is no file."""
    naive = """
files = [open('same', 'wb'), open('same', 'wb')]
for n in range(4):
    for i, file in enumerate(files): file.write(bytes([65 + i]) * (10 + i)); file.flush()
print(len(set(open('same').read())))
"""
    assert box.outside(naive)["stdout"] in ("1\n", "2\n")
    notes = box.notes(
        FILES
        + """
async def slow(byte, count):
    for _ in range(count):
        yield byte * 10000
        await asyncio.sleep(0.003)  # time enough for the jail's init to measure its memory meanwhile
both = await asyncio.gather(*(files.put('same', slow(bytes([65 + n]), 20 + n)) for n in range(12)))
text = (await session.run("text = open('same').read(); (len(set(text)), len(text) // 10000 - 20 == ord(text[0]) - 65)")).result
notes.append([[each.bytes for each in both], text, names()])
async def broken():
    yield b'x' * 100000
    raise ConnectionError('gone')
for name in ('same', 'other'):
    try: await files.put(name, broken())
    except ConnectionError: pass
# Each scribe starts and ends in its own time: they have all been when none was there for long.
wait = '''
import os, time
until = time.monotonic() + 0.5
while time.monotonic() < until:
    if any('upload' in name for name in os.listdir()): until = time.monotonic() + 0.5
'''
notes.append((await session.run(wait + "os.listdir(), text == open('same').read()")).result)
""",
    )
    sizes = [(20 + n) * 10000 for n in range(12)]
    assert notes == [[sizes, "(1, True)", ["same"]], "(['same'], True)"]
