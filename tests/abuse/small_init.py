"""A small init for programs given to `Box.host`: a subreaper around attackers without a pid namespace, which ask before they fork.
They also ask before they map a file.

The attackers' name (/proc/PID/comm) is `attacker`, which their forks inherit: so the truth about them can be read in all of /proc.
"""

SMALL_INIT = r"""
import ctypes, os, select, signal, socket, struct, sys, threading, time
from fcntl import ioctl
from pathlib import Path
from plugcli.sandbox.jail import libc
from plugcli.sandbox.jail.descendants import Descendants

ON_X86 = os.uname().machine == 'x86_64'
FORKS = (56, 57, 58) if ON_X86 else (220,)
MMAP = 9 if ON_X86 else 222
def line(*fields): return struct.pack('HBBI', *fields)
ASKS = b''.join([
    line(0x20, 0, 0, 0),                                                                    # the number of the call
    line(0x15, 0, 1, 435), line(0x06, 0, 0, 0x00050000 | 38),                               # clone3: ENOSYS
    line(0x15, 0, 3, MMAP), line(0x20, 0, 0, 40), line(0x45, 1, 0, 0x20), line(0x06, 0, 0, 0x7fc00000),  # with no MAP_ANONYMOUS
    line(0x20, 0, 0, 0),
    *[each for number in FORKS for each in (line(0x15, 0, 1, number), line(0x06, 0, 0, 0x7fc00000))],
    line(0x06, 0, 0, 0x7fff0000),
])

class Init:
    def __init__(self):
        libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)
        self.births, self.most = 0, 1000
        self.census = Descendants(lambda: self.births)
        self.poll = select.poll()
        self.listeners = []
        self.hold = lambda thread, descriptor: True

    def start(self, attack):
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            try:
                ours.close()
                Path('/proc/self/comm').write_text('attacker')
                libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
                listener = libc.seccomp_listener(ASKS)
                socket.send_fds(theirs, [b'x'], [listener])
                os.close(listener)
                theirs.close()
                exec(attack, {})
            except BaseException as error: print(repr(error), file=sys.stderr)
            finally: os._exit(0)
        theirs.close()
        _, (listener,), _, _ = socket.recv_fds(ours, 1, 1)
        ours.close()
        self.listeners.append(listener)
        self.poll.register(listener, select.POLLIN)
        return pid

    def serve(self, seconds, until=lambda: False):
        # Answers whoever asks, as the init of a jail does between two looks.
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            for listener, event in self.poll.poll(5):
                if event & select.POLLIN: self.answer(listener)
                else: self.poll.unregister(listener)
            self.reap()

    def answer(self, listener):
        question = bytearray(80)
        try: ioctl(listener, 0xC0502100, question)
        except OSError: return
        _, thread, _, number, *_ = fields = struct.unpack('=QIIiIQ6Q', question)
        if number == MMAP: allowed = self.hold(thread, fields[10])
        else:
            allowed = self.births < self.most
            self.births += allowed
        answer = struct.pack('=QqiI', *struct.unpack_from('Q', question), 0, 0 if allowed else -11, int(allowed))
        try: ioctl(listener, 0xC0182101, bytearray(answer))
        except OSError: pass

    def wait_for_all(self, seconds):
        # Every descendant is our child, or has an ancestor that is. 0x40000000: __WALL, children of any kind.
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if not os.waitpid(-1, os.WNOHANG | 0x40000000)[0]: time.sleep(0.001)
            except ChildProcessError: return True
        return False

    def reap(self):
        try:
            for i in range(64):
                if not os.waitpid(-1, os.WNOHANG)[0]: return
        except ChildProcessError: return

def attackers(states='RSDTt'):
    found = set()
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            name, _, rest = (folder / 'stat').read_text().partition('(')[2].rpartition(')')
            if name == 'attacker' and rest.split()[0] in states: found.add(folder.name)
        except OSError: continue
    return found

def soon(true, seconds=10.0):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end: raise TimeoutError
        time.sleep(0.005)
"""
