"""A jail without a pid namespace: its init counts its descendants among all processes, and reaches all of them and nobody else."""

import json
from typing import Any

import pytest

from tests.abuse.box import Box
from tests.abuse.conftest import box_of
from tests.abuse.small_init import SMALL_INIT


@pytest.fixture(params=["root", "user"])
def whoever(request: pytest.FixtureRequest) -> Box:
    """Each kind of user: the small init is the same at every level."""
    return box_of(request.param)


def told(whoever: Box, program: str) -> Any:
    """Return what a program around a small init prints as JSON."""
    return json.loads(whoever.host("import json\n" + SMALL_INIT + program, seconds=60.0)["stdout"])


FAMILY = r"""
import ctypes, os, signal, threading, time
def rest(): time.sleep(60)
def child(what):
    if os.fork() == 0:
        try: what()
        finally: os._exit(0)
def daemon():
    os.setsid()
    child(rest)                   # its parent ends: whose child is it now?
def of_a_thread():
    thread = threading.Thread(target=lambda: (child(rest), time.sleep(60)))
    thread.start()
    rest()
def stopped(): os.kill(os.getpid(), signal.SIGSTOP)
def reaper():
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    child(daemon)
    child(rest)
    rest()
def first_thread_ended():
    threading.Thread(target=lambda: (child(rest), time.sleep(60))).start()
    time.sleep(0.2)
    ctypes.CDLL(None).syscall({'x86_64': 60, 'aarch64': 93}[os.uname().machine], 0)
for each in (rest, daemon, of_a_thread, stopped, reaper, first_thread_ended): child(each)
rest()
"""
# Itself, six children, and the seven that these have: one each of the daemon, whose parent has ended, and of the thread; of the reaper one
# and the daemon's; of the process whose first thread has ended.
FAMILY_MEMBERS = 11


def test_everybody_is_counted_and_nobody_else(whoever: Box) -> None:
    """Daemons, children of threads, the stopped, those below a subreaper of the code's own, and a process whose first thread has ended."""
    program = f"""
FAMILY = {FAMILY!r}
bystander = os.fork()
if bystander == 0:
    time.sleep(60)
    os._exit(0)
"""
    program += r"""
ours, theirs = os.pipe()
top = os.fork()
if top == 0:
    init = Init()
    pid = init.start(FAMILY)
    init.serve(10, until=lambda: init.births == 12)
    init.serve(1)
    numbers = set(init.census.numbers())
    truth = attackers('RSDTtZ')
    answer = {
        'missing': sorted(truth - numbers), 'too_many': sorted(numbers - truth), 'living': len(init.census.living()),
        'contains_all': all(init.census.contains(int(each)) for each in truth),
        'contains_others': [each for each in (1, os.getpid(), os.getppid(), bystander) if init.census.contains(each)],
        'without': len(init.census.numbers({pid})) - len(numbers),
    }
    init.census.kill(bystander)
    init.census.kill_all()
    answer['gone'] = init.wait_for_all(5.0)
    answer['left'] = sorted(attackers())
    os.write(theirs, json.dumps(answer).encode())
    os._exit(0)
os.close(theirs)
answer = json.loads(open(ours).read())
answer['bystander'] = os.waitpid(bystander, os.WNOHANG)[0]
os.kill(bystander, signal.SIGKILL)
print(json.dumps(answer))
"""
    answer = told(whoever, program)
    assert answer.pop("living") >= FAMILY_MEMBERS, answer
    assert answer == {
        "missing": [],
        "too_many": [],
        "contains_all": True,
        "contains_others": [],
        "without": -1,
        "gone": True,
        "left": [],
        "bystander": 0,
    }


RELAY = r"""
import os, signal
def relay():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        if os.fork(): os._exit(0)        # a new number, and soon a new parent
"""
SUBREAPERS = r"""
import ctypes
for i in range(6):
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)   # whoever loses its parent moves up one step at a time
    if os.fork():
        os.wait()
        os._exit(0)
"""
RUNNERS = r"""
for i in range(4):
    if os.fork() == 0: relay()
signal.pause()
"""


@pytest.mark.parametrize("attack", [RELAY, RELAY + SUBREAPERS], ids=["double-forks", "below-subreapers"])
def test_process_that_changes_its_parent_is_not_missed(whoever: Box, attack: str) -> None:
    """It could be in the part that we have read already, or in the part that we are still to read, but never in neither."""
    program = f"attack = {attack + RUNNERS!r}"
    program += r"""
init = Init()
init.most = 10**9
init.start(attack)
init.serve(0.3)
missed, looks, end = [], 0, time.monotonic() + 6
while time.monotonic() < end:
    init.serve(0.002)
    before = attackers()
    numbers = set(init.census.numbers())
    after = attackers()
    missed += sorted((before & after) - numbers)
    looks += bool(before & after)
births = init.births
init.census.kill_all()
gone = init.wait_for_all(5.0)
print(json.dumps({'missed': missed, 'looks': looks, 'births': births, 'gone': gone, 'left': sorted(attackers())}))
"""
    answer = told(whoever, program)
    assert answer["missed"] == []
    assert answer["looks"] > 50
    assert answer["births"] > 200
    assert answer["gone"]
    assert answer["left"] == []


STORM = r"""
import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
ends = 0
while True:
    try:
        if os.fork() == 0:
            os.setsid()
            if os.fork(): os._exit(0)
    except OSError:
        ends += 1
        if ends % 50 == 0: os._exit(0)    # room for another
"""


def test_storm_of_forks_ends_at_once(whoever: Box) -> None:
    """Each process forks on, leaves its session and its parent, and ignores what it can: none may be born while we kill."""
    program = f"STORM = {STORM!r}"
    program += r"""
init = Init()
init.most = 10**9
def most(): init.most = init.births + 200 - len(attackers())
init.start(STORM)
end = time.monotonic() + 2
while time.monotonic() < end:
    most()
    init.serve(0.05)
before = len(attackers())
started = time.monotonic()
init.census.kill_all()
took = time.monotonic() - started
gone = init.wait_for_all(5.0)
left = len(attackers())
init.serve(0.2)
print(json.dumps({'before': before, 'births': init.births, 'took': took, 'gone': gone, 'left': [left, len(attackers())]}))
"""
    answer = told(whoever, program)
    assert answer["before"] > 20, answer
    assert answer["births"] > 200, answer
    assert answer["gone"], answer
    assert answer["left"] == [0, 0]
    assert answer["took"] < 1


def test_jail_stands_still_and_goes_on(whoever: Box) -> None:
    """What is measured must not move; what the code had stopped itself stays so; who is being born when all are stopped is stopped, too."""
    program = f"STORM, FAMILY = {STORM!r}, {FAMILY!r}"
    program += r"""
init = Init()
init.start(FAMILY)
init.serve(10, until=lambda: init.births == 12)
init.serve(1)
stopped = attackers('T')
init.most = 10**9
init.start(STORM)
moving, rounds = [], 0
for i in range(10):
    init.most = init.births + 60 - len(attackers())
    init.serve(0.1)
    with init.census.standing_still(1 << 40):
        moving += sorted(attackers('RSD'))
        rounds += 1
    init.serve(0.05)
continued = attackers('T')
running = len(attackers('RSD'))
init.census.kill_all()
init.wait_for_all(5.0)
same = stopped == continued and len(stopped) == 1
print(json.dumps({'moving': moving, 'rounds': rounds, 'births': init.births, 'running': running, 'same': same}))
"""
    answer = told(whoever, program)
    assert answer["moving"] == []
    assert answer["rounds"] == 10
    assert answer["births"] > 60
    assert answer["running"] > 0
    assert answer["same"]
