"""The interpreter's twin is locked in as the interpreter is, is counted as the interpreter is, and nothing depends on it."""

from tests.abuse.box import Box

MIB = 1 << 20


def test_twin_has_every_lock_of_the_interpreter(box: Box) -> None:
    """The code can write to the twin's stack, and have it run what it likes: so it may do nothing that the code may not do itself."""
    code = """
def locks(pid):
    lines = open(f'/proc/{pid}/status').read().splitlines()
    return [line for line in lines if line.startswith(('Uid', 'Gid', 'Groups', 'Cap', 'NoNewPrivs', 'Seccomp', 'Cpus_allowed'))]
def limits(pid): return open(f'/proc/{pid}/limits').read()
print(locks(2) == locks(3), limits(2) == limits(3), 'Seccomp:\\t2' in locks(3), 'CapBnd:\\t0000000000000000' in locks(3))
"""
    assert box.inside(code)["stdout"] == "True True True True\n"


def test_twin_is_counted_once(box: Box) -> None:
    """Memory that is counted twice would halve the limit for honest code."""
    two = box.inside(
        "import os, time\nos.fork()\nx = bytearray(160 << 20)\ntime.sleep(15)", memory_bytes=256 * MIB
    )
    assert two["outcome"] == "out_of_memory"
    noticed_seconds = two["seconds"]  # so one that was counted twice would end before twice that time
    code = f"x = bytearray(160 << 20)\nimport time; time.sleep({2 * noticed_seconds}); print(len(x) >> 20)"
    result = box.inside(code, memory_bytes=256 * MIB)
    assert (result["outcome"], result["stdout"]) == ("ok", "160\n")


def test_memory_of_before_exec_is_given_back(box: Box) -> None:
    """After exec the twin alone has the old memory, and it would count against honest code until the end."""
    after = "import time; time.sleep(1); y = bytearray(160 << 20); time.sleep(0.5); print(len(y) >> 20)"
    code = f"import os, sys\nx = bytearray(160 << 20)\nos.execv(sys.executable, [sys.executable, '-c', {after!r}])"
    result = box.inside(code, memory_bytes=256 * MIB)
    assert (result["outcome"], result["stdout"]) == ("ok", "160\n")


def test_exec_closes_what_it_should(box: Box) -> None:
    """A pipe that the twin kept open would have its reader wait for ever."""
    after = "import os; os.waitpid(%d, 0); print('cat ended')"
    code = f"""
import os, subprocess, sys
reader = subprocess.Popen(['cat'], stdin=subprocess.PIPE)
os.execv(sys.executable, [sys.executable, '-c', {after!r} % reader.pid])
"""
    assert box.inside(code)["stdout"] == "cat ended\n"


def test_twin_that_is_made_to_run_ends_before_the_end_is_told(box: Box) -> None:
    """The code may write over what the twin would do next, and let it go on: nothing of it may be left when the run has ended."""
    code = """
import ctypes, os, platform, signal, struct, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
assert platform.machine() == 'x86_64'
pause = ctypes.cast(libc.pause, ctypes.c_void_p).value
box = libc.mmap(None, 8192, 7, 0x22, -1, 0)
data = box + 4096
ctypes.memmove(data, struct.pack('qq', 0, 60_000_000) + b'/mnt/data/late\\0', 31)
def load(register, value):
    opcode = {'rdi': b'\\x48\\xbf', 'rsi': b'\\x48\\xbe', 'rdx': b'\\x48\\xba', 'rax': b'\\x48\\xb8', 'r10': b'\\x49\\xba'}[register]
    return opcode + struct.pack('Q', value & (2**64 - 1))
def call(number, *arguments):
    return b''.join(map(load, ('rdi', 'rsi', 'rdx', 'r10'), arguments)) + load('rax', number) + b'\\x0f\\x05'
# nanosleep, open a file, and sleep for ever: after the interpreter's end.
loop = call(35, data, 0)
code = call(35, data, 0) + call(257, -100, data + 16, 0o102, 0o644) + loop + b'\\xe9' + struct.pack('i', -(len(loop) + 5))
ctypes.memmove(box, code, len(code))
assert libc.mprotect(ctypes.c_void_p(pause & ~4095), 8192, 7) == 0
os.kill(3, signal.SIGSTOP)
while ' t ' not in open('/proc/3/stat').read().lower(): time.sleep(0.001)
at = ctypes.string_at(pause, 64).index(b'\\x0f\\x05')
jump = load('rax', box) + b'\\xff\\xe0'
ctypes.memmove(pause + at, jump, len(jump))
os.kill(3, signal.SIGCONT)
os._exit(7)
""".replace("\\\\", "\\")
    result = box.inside(code)
    assert (result["returncode"], result["stderr"], result["files"], result["left"]) == (7, "", [], [])


def test_run_goes_on_without_its_twin(box: Box) -> None:
    """The code may end it, as it may end all of its own; and who gets its number afterwards is measured like everybody."""
    code = """
import os, time
os.kill(3, 9)
while os.path.exists('/proc/3'): time.sleep(0.001)
print('on')
"""
    result = box.inside(code)
    assert (result["outcome"], result["stdout"], result["left"]) == ("ok", "on\n", [])
