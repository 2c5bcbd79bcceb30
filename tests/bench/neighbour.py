"""Four callers at their worst, in a process of their own: `python -m tests.bench.neighbour PORT walk|cpu`, until its input ends.

It prints a line when their sessions are ready, and begins at the first line that it reads.
"""

import sys
import threading

from tests.bench.load import Connection, request

CALLERS = 4
_WALK = """
import os
for folder in range(200):
    os.makedirs(f"/mnt/data/{folder}")
    for number in range(120):
        os.close(os.open(f"/mnt/data/{folder}/{'n' * 200}{number}", os.O_CREAT | os.O_WRONLY))
"""
_EAT = """
import os
for number in range(40):
    if os.fork() == 0:
        os.setsid()
        while True: pass
"""
# What each session does once, and then at each call. Processes go on after their call.
ATTACKS = {"walk": (_WALK, "1"), "cpu": ("", _EAT)}


def main(port: int, attack: str) -> None:
    """Attack until the input ends."""
    first, again = ATTACKS[attack]
    connections = [Connection(port) for _ in range(CALLERS)]
    for number, connection in enumerate(connections):
        connection.call(request(port, first, f"neighbour {number}"))
    print("ready", flush=True)
    sys.stdin.readline()

    def go_on(connection: Connection, number: int) -> None:
        while True:
            connection.call(request(port, again, f"neighbour {number}"))
            if attack == "cpu":  # its processes are enough
                return

    for number, connection in enumerate(connections):
        threading.Thread(target=go_on, args=(connection, number), daemon=True).start()
    print("begun", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
