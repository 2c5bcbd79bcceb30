"""Promises 3 and 6 at a terminal: `exec` types nothing into it, sends it no commands, gives it to nobody, and leaves it when told to."""

import json

import pytest

from tests.abuse.box import Box

# The control is bare Python on the same terminal. The program under test is in a file, so that both see the same.
AT_TERMINAL = """
from tests.abuse.terminal import Terminal
def terminal(code, *options, is_jailed):
    with open('attack.py', 'w') as file: file.write(code)
    plugcli = ['-m', 'plugcli', 'exec', *options] if is_jailed else []
    return Terminal([sys.executable, *plugcli, 'attack.py'])
def processes(): return [name for name in os.listdir('/proc') if name.isdigit()]
"""

TYPE = """
import errno, fcntl, os, termios
def attempt(call):
    try: call()
    except OSError as e: return errno.errorcode[e.errno]
    return 'done'
print([attempt(lambda: fcntl.ioctl(fd, termios.TIOCSTI, b'!')) for fd in (0, 1, 2)])
print(attempt(lambda: fcntl.ioctl(0, 0x541c, b'\\x02')), attempt(lambda: os.open('/dev/tty', os.O_RDWR)))
print(os.isatty(1), os.path.exists('/dev/ptmx'))
"""


@pytest.mark.row("C18")
def test_nothing_can_be_typed_into_the_terminal(box: Box) -> None:
    """What is typed stays when the code has ended, and then the user's shell runs it: CVE-2017-5226."""
    program = f"""{AT_TERMINAL}
for is_jailed in (False, True):
    t = terminal({TYPE!r}, '--stdin', is_jailed=is_jailed)
    print(json.dumps([t.next_event(), t.screen.decode()]))
    t.close()
"""
    # Linux 6.2 and newer can refuse it to everybody but root (dev.tty.legacy_tiocsti).
    control, jailed = (json.loads(line) for line in box.host(program)["stdout"].splitlines())
    assert "!!!['done', 'done', 'done']" in control[1] or "['EIO', 'EIO', 'EIO']" in control[1]
    assert control[1].endswith(" done\r\nTrue True\r\n")
    about_files = "EPERM EACCES\r\nFalse True" if box.is_landlock else "EPERM ENOENT\r\nFalse False"
    assert jailed == ["exited 0", f"['EPERM', 'EPERM', 'EPERM']\r\n{about_files}\r\n"]


@pytest.mark.row("C19")
def test_terminal_is_read_only_when_asked(box: Box) -> None:
    """A model's `input()` waits for nobody: it is the end of input at once, unless the user said --stdin."""
    program = f"""{AT_TERMINAL}
code = "print('begun', flush=True)\\nprint('got', input())"
for is_jailed, options in ((False, ()), (True, ()), (True, ('--stdin',))):
    t = terminal(code, *options, is_jailed=is_jailed)
    t.read_until(b'begun')
    if options or not is_jailed: t.type(b'hello\\n')
    print(t.next_event(), b'got hello' in t.screen, b'EOFError' in t.screen)
    t.close()
"""
    expected = ["exited 0 True False", "exited 1 False True", "exited 0 True False"]
    assert box.host(program)["stdout"].splitlines() == expected
    assert box.inside("input()")["stderr"].endswith("EOFError: EOF when reading a line\n")


@pytest.mark.row("C20")
def test_interrupt_ends_exec_and_all_it_started(box: Box) -> None:
    """Ctrl-C is the user's, and what the code thinks of SIGINT does not matter. The control ignores it and runs on."""
    code = """
import os, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
if os.fork() == 0: os.setsid()
else: print('begun', flush=True)
time.sleep(1 if IS_CONTROL else 30)
"""
    program = f"""{AT_TERMINAL}
for is_jailed in (False, True):
    before = len(processes())
    t = terminal(f'IS_CONTROL = {{not is_jailed}}' + {code!r}, is_jailed=is_jailed)
    t.read_until(b'begun')
    started = time.monotonic()
    t.type(b'\\x03')
    print(t.next_event(), time.monotonic() - started < 3)
    t.close()
    deadline = time.monotonic() + 5
    while len(processes()) > before and time.monotonic() < deadline: time.sleep(0.01)
    print(len(processes()) - before)
"""
    assert box.host(program)["stdout"].splitlines()[0] == "exited 0 True"
    assert box.host(program)["stdout"].splitlines()[2:] == ["exited 130 True", "0"]


@pytest.mark.row("C21")
def test_stopping_and_resizing_do_not_wedge_exec(box: Box) -> None:
    """Ctrl-Z, another window size, `fg`: as with any program; and time goes on while it is stopped."""
    program = f"""{AT_TERMINAL}
for is_jailed in (False, True):
    t = terminal("import time\\nprint('begun', flush=True)\\ntime.sleep(0.7)\\nprint('done')", is_jailed=is_jailed)
    t.read_until(b'begun')
    t.resize(40)
    t.type(b'\\x1a')
    print(t.next_event())
    t.resize(100)
    t.go_on()
    print(t.next_event(), b'done' in t.screen)
    t.close()
t = terminal("import time\\nprint('begun', flush=True)\\ntime.sleep(30)", '--timeout', '1', is_jailed=True)
t.read_until(b'begun')
t.type(b'\\x1a')
print(t.next_event())
time.sleep(1.2)
t.go_on()
print(t.next_event())
t.close()
"""
    as_ever = ["stopped", "exited 0 True"]
    assert box.host(program)["stdout"].splitlines() == [*as_ever, *as_ever, "stopped", "exited 124"]


COMMANDS = {
    "clipboard": b"\x1b]52;c;aGk=\x07",
    "clipboard in 8 bits": b"\x9d52;c;aGk=\x9c",
    "clipboard in UTF-8": "\x9d52;c;aGk=\x9c".encode(),
    "device control": b"\x1bP$q\x1b\\",
    "question": b"\x1b[6n",
    "split question": b"\x1b[|6n",
    "title": b"\x1b]0;title\x07",
    "clear": b"\x1bc\x1b[2J",
    "shifted out": b"\x0e\x0f",
    # Trojan Source, CVE-2021-42574: what is read is not what is there.
    "override": "a\u202egnp.exe".encode(),
    "embedding": "\u202aa\u202bb\u202cc\u202d".encode(),
    "isolates": "\u2066a\u2067b\u2068c\u2069".encode(),
    "split override": "\u202e".encode()[:2] + b"|" + "\u202e".encode()[2:],
    "marks": "\u200ea\u200fb\u061c".encode(),
    "not shown": "a\u200bb\u2060c\u00add\ufeffe\u3164f\u2063".encode(),
    "tags": "\U000e0001\U000e0068\U000e0069\U000e007f".encode(),
    "other line ends": "a\u2028b\u2029c\u0085d".encode(),
}


@pytest.mark.row("D7")
def test_terminal_obeys_nothing_that_the_code_prints(box: Box) -> None:
    """Sequences fill the clipboard, answer as if typed, hide text. Colours and text pass as they are."""
    harmless = (
        "\x1b[1;31mred\x1b[0m \u00e4\u6f22\U0001f600 \u0645\u200c\u0646 \U0001f469\u200d\U0001f52c".encode()
    )
    code = f"""
import os, time
for piece in {list(COMMANDS.values())!r}:
    for part in piece.split(b'|'):
        os.write(1, part)
        time.sleep(0.05 if b'|' in piece else 0)
time.sleep(0.2)  # two streams have no order between them
for i in range({len(harmless)}): os.write(2, {harmless!r}[i:i+1])
time.sleep(0.2)
os.write(1, b'\\nend\\n')
"""
    program = f"""{AT_TERMINAL}
for is_jailed in (False, True):
    t = terminal({code!r}, is_jailed=is_jailed)
    print(json.dumps([t.next_event(), t.screen.decode('latin-1')]))
    t.close()
"""
    control, jailed = (json.loads(line) for line in box.host(program)["stdout"].splitlines())
    for command in COMMANDS.values():
        assert command.replace(b"|", b"") in control[1].encode("latin-1")
    screen = jailed[1].encode("latin-1")
    assert jailed[0] == "exited 0"
    assert harmless in screen
    rest = screen.replace(harmless, b"").decode("utf-8")
    assert {character for character in rest if not character.isprintable()} == {"\r", "\n"}, ascii(rest)
    assert "\u3164" not in rest
