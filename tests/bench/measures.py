"""The measures: each asks its sides in turn and brings home their figures."""

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.bench.jupyter import Jupyter, jupyter
from tests.bench.linters import LINTERS
from tests.bench.load import (
    CLIENTS,
    Answer,
    Burst,
    Connection,
    NotMeasured,
    Turn,
    burst,
    in_turn,
    no_check,
    paced,
    request,
    tight,
)
from tests.bench.memory import process_pss_bytes, tree_pss_bytes
from tests.bench.neighbours import beside
from tests.bench.servers import AT_LANDLOCK, BEFORE, ENVIRONMENT, OURS, PLUGCLI, Server, serving
from tests.bench.table import Figures, Measured

FIRST = "import pandas as pd; print(pd.DataFrame({'a':[1,2]}).a.sum())"
IDLE = "import pandas"
IDLE_SESSIONS = 50
NO_PEERS = "--peers"


@dataclass
class Bench:
    """What the measures share: how many turns, where files go, the peers if there are any, and what was heard on the way."""

    rounds: int
    folder: Path
    peers: Path | None
    first_lines: dict[str, str] = field(default_factory=dict)
    """What each plugcli server that was measured said first, by its command."""
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def servers(self, *sides: str, flags: tuple[str, ...] = ()) -> Iterator[dict[str, Server]]:
        """Start a fresh server for each side; `flags` are for plugcli's."""
        with ExitStack() as stack:
            servers = {
                side: stack.enter_context(serving(side, self.folder, flags if side in BEFORE else ()))
                for side in sides
            }
            for side in BEFORE:
                if side in servers:
                    self.first_lines[servers[side].command] = servers[side].first_line
            yield servers

    @contextmanager
    def jupyter(self) -> Iterator[Jupyter | None]:
        """Start the peer, if it is there."""
        if self.peers is None:
            yield None
            return
        with jupyter(self.peers, self.folder) as peer:
            yield peer


Measure = Callable[[Bench], Measured]


def seconds(times: Mapping[str, list[float]]) -> dict[str, Figures | str]:
    """Return times as figures; a side without times is one that was not there."""
    return {side: Figures("seconds", tuple(values)) if values else NO_PEERS for side, values in times.items()}


@contextmanager
def connected(server: Server) -> Iterator[Connection]:
    """Connect to a server, once for all calls."""
    connection = Connection(server.port)
    try:
        yield connection
    finally:
        connection.close()


def one_shot(code: str, calls: Mapping[str, int]) -> Measure:
    """One-shot calls, paced: so many of each side a turn."""

    def measure(bench: Bench) -> Measured:
        with bench.servers(*calls) as servers, ExitStack() as stack:
            sides: dict[str, Turn] = {}
            for side, server in servers.items():
                call = partial(stack.enter_context(connected(server)).call, request(server.port, code))
                sides[side] = partial(paced, call, calls[side])
            return seconds(in_turn(bench.rounds, sides))

    return measure


def throughput(code: str, calls: Mapping[str, int]) -> Measure:
    """Many clients at once: so many calls of each side a turn, enough for a second or so."""

    def measure(bench: Bench) -> Measured:
        bursts: dict[str, list[Burst]] = {side: [] for side in calls}
        with bench.servers(*calls) as servers:
            for turn in range(max(2, bench.rounds // 5) + 1):
                for side, server in servers.items():
                    taken = burst(server.port, request(server.port, code), calls[side])
                    if turn:
                        bursts[side].append(taken)
        bench.notes += costs(code, bursts)
        return {side: rates(taken) for side, taken in bursts.items()}

    return measure


def rates(bursts: Sequence[Burst]) -> Figures:
    """Return the calls a second of each turn, and each call's seconds."""
    calls = itertools.chain.from_iterable(each.seconds for each in bursts)
    return Figures("rate", tuple(len(each.seconds) / each.wall_seconds for each in bursts), tuple(calls))


def costs(code: str, bursts: Mapping[str, Sequence[Burst]]) -> list[str]:
    """Say what a call cost this machine, what part of a core the clients took, and what they can do at most."""
    notes = []
    for side, taken in bursts.items():
        calls = sum(len(each.seconds) for each in taken)
        machine = sum(each.machine_cpu_seconds for each in taken) / calls * 1000
        client = sum(each.client_cpu_seconds for each in taken)
        notes.append(
            f"{CLIENTS} clients, {code}, {side}: a call costs {machine:.2f} ms of this machine's CPUs, strangers and clients included; "
            f"the clients {client / calls * 1000:.2f} ms, {client / sum(each.wall_seconds for each in taken):.0%} of one core"
        )
    times = rates(bursts["floor"]).middle / max(
        rates(bursts[side]).middle for side in bursts if side != "floor"
    )
    bound = "they bound nothing" if times >= 5 else "THEY MAY BOUND WHAT WAS MEASURED"
    notes.append(
        f"{CLIENTS} clients, {code}: with the floor they make {times:.1f} times the calls of the faster side: {bound}"
    )
    return notes


def live_session(bench: Bench) -> Measured:
    """Calls into a session that lives, tight: each builds on the one before, and has a value to show."""
    code, calls = "x = x + 1\nx", 25

    def checking() -> Callable[[Answer], None]:
        expected = itertools.count(1)
        return lambda answer: hold(answer, state="kept", result=str(next(expected)))

    with (
        bench.servers(OURS, AT_LANDLOCK, "floor") as servers,
        bench.jupyter() as peer,
        ExitStack() as stack,
    ):
        sides: dict[str, Turn] = {}
        for side, server in servers.items():
            connection = stack.enter_context(connected(server))
            is_ours = side in BEFORE
            first = partial(hold, state="new") if is_ours else no_check
            connection.call(request(server.port, "x = 0", "bench"), first)
            data = request(server.port, code, "bench")
            call = partial(connection.call, data, checking() if is_ours else no_check)
            sides[side] = partial(tight, call, calls)
        if peer:
            peer.do("start")
            peer.calls("x = 0", 1)
            sides["jupyter"] = partial(peer.calls, code, calls)
        return seconds({"jupyter": []} | in_turn(bench.rounds, sides))


def first_call(bench: Bench) -> Measured:
    """The first call of a new conversation that uses pandas, paced: a conversation a call.

    The server makes room itself, as one that is busy does: past `--sessions` the oldest idle session ends, so that is measured with it.
    """
    conversations = itertools.count()

    def check(answer: Answer) -> None:
        hold(answer, state="new", stdout="3\n")

    with bench.servers("plugcli") as servers, bench.jupyter() as peer:
        with connected(servers["plugcli"]) as connection:

            def call() -> float:
                data = request(servers["plugcli"].port, FIRST, f"bench {next(conversations)}")
                return connection.call(data, check)

            sides: dict[str, Turn] = {"plugcli": partial(paced, call, 10)}
            if peer:
                sides["jupyter"] = partial(paced, partial(peer.first, FIRST), 1)
            return seconds({"jupyter": []} | in_turn(bench.rounds, sides))


def memory(bench: Bench) -> Measured:
    """What one of many idle sessions holds, with pandas imported; and a Jupyter kernel with the same, without its client."""
    figures = {side: held_by_sessions(bench, side) for side in BEFORE}
    with bench.jupyter() as peer:
        if peer is None:
            return {**figures, "jupyter": NO_PEERS}
        pid = peer.do("start")["pid"]
        peer.calls(IDLE, 1)
        kernel = tuple(float(process_pss_bytes(pid)) for _ in settled())
        return {**figures, "jupyter": Figures("bytes", kernel)}


def held_by_sessions(bench: Bench, side: str) -> Figures:
    """Return what one of many idle sessions holds."""
    with bench.servers(side, flags=("--sessions", "60")) as servers:
        server = servers[side]
        with connected(server) as connection:
            # By then the server has preloaded what it preloads.
            paced(partial(connection.call, request(server.port, "import pandas")), 40)
            for number in range(IDLE_SESSIONS):
                data = request(server.port, IDLE, f"bench {number}")
                connection.call(data, partial(hold, state="new"))
            trees = [tree_pss_bytes(server.pid) for _ in settled()]
            if trees[-1][1] <= IDLE_SESSIONS:
                raise NotMeasured(f"only {trees[-1][1]} processes were found for {IDLE_SESSIONS} sessions")
            for number in range(IDLE_SESSIONS):
                data = request(server.port, "pandas.__name__", f"bench {number}")
                connection.call(data, partial(hold, state="kept", result="'pandas'"))
    held = tuple(pss / IDLE_SESSIONS for pss, _ in trees)
    bench.notes.append(
        f"memory, {side}: {trees[-1][1]} processes hold {trees[-1][0] / 2**20:.0f} MiB for {IDLE_SESSIONS} sessions"
    )
    return Figures("bytes", held)


def hold(answer: Answer, state: str, **fields: str) -> None:
    """Hold an answer to the state of its session and to some of its fields: what is measured is a session, and the right one."""
    if not answer["session"]:
        raise NotMeasured("the server answered without a session")
    seen = {"state": answer["session"]["state"], **{name: answer[name] for name in fields}}
    if seen != (expected := {"state": state, **fields}):
        raise NotMeasured(f"a session answered {seen}, not {expected}")


def settled() -> Iterator[None]:
    """Yield three times, a second apart, the first after a second: what was just used is given back by then."""
    for _ in range(3):
        time.sleep(1)
        yield


def beside_neighbours(attack: str) -> Measure:
    """What four callers at their worst do to others."""

    def measure(bench: Bench) -> Measured:
        with bench.servers("plugcli") as servers:
            return beside(attack, servers["plugcli"], bench.folder, max(2, bench.rounds // 5))

    return measure


def commands(bench: Bench) -> Measured:
    """Whole commands, wall time, one after the other in turn."""
    empty = bench.folder / "empty.py"
    empty.touch()
    sides = {
        "python": [sys.executable, str(empty)],
        OURS: [PLUGCLI, "exec", str(empty)],
        AT_LANDLOCK: [PLUGCLI, "exec", str(empty)],
        "--version": [PLUGCLI, "--version"],
    }

    def spend(side: str) -> float:
        command = sides[side]
        started = time.perf_counter()
        done = subprocess.run(
            command,
            cwd=bench.folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            preexec_fn=BEFORE.get(side),
        )
        if done.returncode:
            raise NotMeasured(f"`{' '.join(command)}` ended with {done.returncode}: {done.stderr[-300:]}")
        return time.perf_counter() - started

    return seconds(
        in_turn(
            bench.rounds,
            {side: partial(tight, partial(spend, side), 2) for side in sides},
        )
    )


def beside_linters(measure: Callable[[Path, bool, int], Measured]) -> Measure:
    """Whole commands that read documents: seconds each, so fewer turns."""
    return lambda bench: measure(bench.folder, bench.peers is not None, max(2, bench.rounds // 7))


ONE_SHOTS = {OURS: 10, AT_LANDLOCK: 10, "baseline": 10, "floor": 10}
MEASURES: dict[str, Measure] = {
    "one-shot": one_shot("print(6*7)", ONE_SHOTS),
    "one-shot pandas": one_shot("import pandas", {OURS: 10, AT_LANDLOCK: 10, "baseline": 3}),
    "throughput": throughput("print(6*7)", {OURS: 400, AT_LANDLOCK: 200, "baseline": 160, "floor": 2000}),
    "throughput pandas": throughput(
        "import pandas", {OURS: 160, AT_LANDLOCK: 80, "baseline": 32, "floor": 2000}
    ),
    "live session": live_session,
    "first call": first_call,
    "memory": memory,
    "beside walks": beside_neighbours("walk"),
    "beside CPU eaters": beside_neighbours("cpu"),
    "commands": commands,
    **{name: beside_linters(measure) for name, measure in LINTERS.items()},
}
