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
    code = "x = bytearray(160 << 20)\nimport time; time.sleep(0.5); print(len(x) >> 20)"
    result = box.inside(code, memory_bytes=256 * MIB)
    assert (result["outcome"], result["stdout"]) == ("ok", "160\n")


def test_memory_that_exec_leaves_to_the_twin_is_counted(box: Box) -> None:
    """After exec the twin alone has the old memory: uncounted, that would be a limit's worth for nothing."""
    after = "y = bytearray(160 << 20)\nimport time; time.sleep(5); print(len(y))"
    code = f"import os, sys\nx = bytearray(160 << 20)\nos.execv(sys.executable, [sys.executable, '-c', {after!r}])"
    assert box.inside(code, memory_bytes=256 * MIB)["outcome"] == "out_of_memory"


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
