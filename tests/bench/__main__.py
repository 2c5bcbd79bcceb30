"""Speed, as ratios in one run: `python -m tests.bench`. Absolute times mean nothing on a machine that others use too.

Three servers stand side by side and are asked in turn: plugcli; the baseline, the original plugin's design (one bare `python FILE` a call,
no isolation); and the floor, a POST that answers a constant. Then commands, against `python -c pass`, in turn as well.
"""

import argparse
import http.client
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

SERVERS = {
    "plugcli": [sys.executable, "-m", "plugcli", "serve", "--port", "0"],
    "baseline": [sys.executable, "-m", "tests.bench.baseline"],
    "floor": [sys.executable, "-m", "tests.bench.floor"],
}
CODES = {"print(6*7)": "print(6*7)", "import numpy": "import numpy; print(numpy.arange(3).sum())"}


Measures = dict[str, Callable[[], float]]


def start(command: list[str], folder: Path) -> tuple["subprocess.Popen[str]", int]:
    """Start a server in `folder`; return it and the port that it prints."""
    environment = {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONUNBUFFERED": "1",
        "PATH": "/usr/bin:/bin",
    }
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://(?:localhost|127\.0\.0\.1):(\d+)", line):
            return process, int(found[1])
    raise SystemExit(f"{' '.join(command)} did not start")


def post(connection: http.client.HTTPConnection, code: str) -> float:
    """Return the seconds that one POST /execute takes."""
    body = json.dumps({"code": code})
    started = time.perf_counter()
    connection.request("POST", "/execute", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    data = answer.read()
    seconds = time.perf_counter() - started
    if answer.status != 200 or json.loads(data)["returncode"] != 0:
        raise SystemExit(f"an answer is wrong: {answer.status} {data[:300]!r}")
    return seconds


def spend(command: list[str]) -> float:
    """Return the seconds that a command takes."""
    started = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def in_turn(rounds: int, measures: Measures) -> dict[str, list[float]]:
    """Return `rounds` measurements of each, taken in turn so that a busy moment meets all; the first round is for warming up."""
    times: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(rounds + 1):
        for name, measure in measures.items():
            seconds = measure()
            if turn:
                times[name].append(seconds)
    return times


def show(title: str, times: dict[str, list[float]], against: tuple[str, ...]) -> None:
    """Print medians and 95th percentiles, and how many times each of `against` they are."""
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"\n{title}")
    for name, values in times.items():
        p95 = statistics.quantiles(values, n=20)[-1]
        ratios = "  ".join(f"{medians[name] / medians[other]:6.2f} x {other}" for other in against)
        print(f"  {name:<28}{medians[name] * 1000:9.2f} ms   p95 {p95 * 1000:9.2f} ms   {ratios}")


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=40, help="measurements of each (default 40)")
    rounds = max(2, parser.parse_args().rounds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        running = {server: start(command, folder) for server, command in SERVERS.items()}
        try:
            connections = {
                server: http.client.HTTPConnection("localhost", port) for server, (_, port) in running.items()
            }
            for title, code in CODES.items():
                measures: Measures = {
                    server: partial(post, connection, code) for server, connection in connections.items()
                }
                show(f"POST /execute of {title}", in_turn(rounds, measures), ("baseline", "floor"))
            for connection in connections.values():
                connection.close()
        finally:
            for process, _ in running.values():
                process.terminate()
                process.wait()
        empty = folder / "empty.py"
        empty.touch()
        plugcli = str(Path(sys.executable).with_name("plugcli"))
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "plugcli --version": [plugcli, "--version"],
            "plugcli exec empty.py": [plugcli, "exec", str(empty)],
        }
        starts: Measures = {title: partial(spend, command) for title, command in commands.items()}
        show("commands", in_turn(rounds, starts), ("python -c pass",))


main()
