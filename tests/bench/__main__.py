"""Speed and memory, as ratios in one run: `python -m tests.bench`. Absolute figures mean nothing on a machine that others use too.

Servers stand side by side and are asked in turn: plugcli; the baseline, the original plugin's design (one bare `python FILE` a call, no
isolation); and the floor, a POST that answers a constant. So is Jupyter, with --peers. Every layer of the sandbox stays on. `validate` is
measured as a command, beside the linters that people use.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench.jupyter import VENV, installed, jupyter
from tests.bench.load import NotMeasured
from tests.bench.measures import MEASURES, NO_PEERS, Bench
from tests.bench.servers import ENVIRONMENT, PLUGCLI
from tests.bench.table import Measured, Row, table

ROWS = (
    Row("one-shot print(6*7), paced", "one-shot", "baseline, paced", "baseline", "<=", 0.30, 0.22),
    Row("one-shot print(6*7), paced", "one-shot", "floor, paced", "floor", "<=", 3, 2),
    Row("one-shot import pandas, paced", "one-shot pandas", "baseline, paced", "baseline", "<=", 0.02, 0.012),
    Row("throughput, 8 clients, print(6*7)", "throughput", "baseline", "baseline", ">=", 1.5, 2.5),
    Row("throughput, 8 clients, import pandas", "throughput pandas", "baseline", "baseline", ">=", 12, 25),
    Row("call in a live session, tight", "live session", "Jupyter, tight", "jupyter", "<=", 0.15, 0.05),
    Row("call in a live session, tight", "live session", "floor, tight", "floor", "<=", 4, 2),
    Row("first call, new conversation, pandas, paced", "first call", "Jupyter: start + pandas", "jupyter", "<=", 0.01, 0.004),
    Row("memory a session, 50 idle with pandas", "memory", "Jupyter kernel with pandas", "jupyter", "<=", 0.08, 0.05),
    Row("/health, p99, beside 4 slow workspaces", "beside walks", "60 ms", "limit", "<=", 1, side="health"),
    Row("live session, beside 4 slow workspaces", "beside walks", "the same, quiet", "quiet", "<=", 10, side="session"),
    Row("/health, p99, beside 4 CPU eaters", "beside CPU eaters", "60 ms", "limit", "<=", 1, side="health"),
    Row("live session, beside 4 CPU eaters", "beside CPU eaters", "the same, quiet", "quiet", "<=", 10, side="session"),
    Row("plugcli exec, empty script, wall", "commands", "python, same script", "python", "<=", 10, 6),
    Row("plugcli --version, wall", "commands", "python, empty script", "python", side="--version"),
    Row("validate, a template's plugin, wall", "validate template", "openapi-spec-validator", "osv", "<=", 0.7),
    Row("validate, a template's plugin, wall", "validate template", "Redocly", "redocly"),
    Row("validate, a template's plugin, wall", "validate template", "Spectral", "spectral"),
    Row("validate, Stripe's 4 MB of YAML, wall", "validate Stripe", "openapi-spec-validator", "osv", "<=", 0.35),
    Row("validate, Stripe's 4 MB of YAML, wall", "validate Stripe", "Redocly", "redocly", "<=", 1),
    Row("validate, Stripe's 4 MB of YAML, wall", "validate Stripe", "Spectral", "spectral"),
    Row("validate, Stripe's 4 MB of YAML, peak memory", "validate Stripe", "200 MB", "limit", "<=", 1, side="peak"),
    Row("validate, GitHub's 4 MB of JSON, wall", "validate GitHub", "openapi-spec-validator", "osv", "<=", 0.1),
    Row("validate, GitHub's 4 MB of JSON, wall", "validate GitHub", "Redocly", "redocly", "<=", 0.5),
    Row("validate, GitHub's 4 MB of JSON, wall", "validate GitHub", "Spectral", "spectral"),
    Row("validate, GitHub's 4 MB of JSON, peak memory", "validate GitHub", "200 MB", "limit", "<=", 1, side="peak"),
    Row("validate, the corpus in one call, wall", "validate corpus", "10 s", "limit", "<=", 1),
)  # fmt: skip


def main() -> int:
    """Measure what is asked for and print the table; 1 when something could not be measured that was to be."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    options = parsed()
    rows = [row for row in ROWS if options.only.lower() in f"{row.name} | {row.against}".lower()]
    if not rows:
        names = "\n".join(f"  {row.name} | {row.against}" for row in ROWS)
        print(f"no row has {options.only!r} in its name; there are\n{names}", file=sys.stderr)
        return 2
    doctor = subprocess.run([PLUGCLI, "doctor"], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    print(f"plugcli doctor\n{doctor.stdout}", flush=True)
    if doctor.returncode:
        print("the sandbox does not hold here, so there is nothing to measure", file=sys.stderr)
        return doctor.returncode
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        bench = Bench(options.rounds, Path(name), installed() if options.peers else None)
        if bench.peers:
            with jupyter(bench.peers, bench.folder) as peer:
                bench.notes.append(
                    ", ".join(f"{name} {version}" for name, version in peer.do("hello").items())
                )
        measured = {each: taken(each, bench) for each in dict.fromkeys(row.measure for row in rows)}
    for command, line in bench.first_lines.items():
        print(f"{command}\n  {line}")
    print(f"\n{table([row.cells(measured[row.measure]) for row in rows])}\n")
    print("\n".join(bench.notes))
    if options.json:
        options.json.write_text(json.dumps(raw(doctor.stdout, bench, rows, measured)))
    ratios = [row.ratio(measured[row.measure]) for row in rows]
    return int(any(isinstance(ratio, str) and ratio != NO_PEERS for ratio in ratios))


def leave(number: int, _frame: object) -> None:
    """End in order, once: another Ctrl-C must not interrupt the ending of processes."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--rounds", type=rounds, default=20, help="turns of each side, 2 or more (default 20)"
    )
    parser.add_argument("--only", metavar="WORD", default="", help="the rows with WORD in their name")
    parser.add_argument(
        "--peers",
        action="store_true",
        help=f"Jupyter, Redocly and Spectral too; installs them into {VENV.parent}",
    )
    parser.add_argument(
        "--json", type=writable, metavar="FILE", help="write every number that was measured to FILE"
    )
    return parser.parse_args()


def rounds(text: str) -> int:
    """Return the number of turns that was asked for."""
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 2 or more")
    return int(text)


def writable(text: str) -> Path:
    """Return the path of a file that can be written, before minutes are spent on what goes there."""
    try:
        Path(text).touch()
    except OSError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return Path(text)


def taken(name: str, bench: Bench) -> Measured:
    """Take one measure; one that cannot be taken keeps no other from it."""
    print(f"measuring: {name}", file=sys.stderr)
    try:
        return MEASURES[name](bench)
    except (NotMeasured, OSError) as error:
        return str(error) or type(error).__name__


def raw(doctor: str, bench: Bench, rows: Sequence[Row], measured: Mapping[str, Measured]) -> object:
    """Return every number, for a file."""
    return {
        "doctor": doctor,
        "first_lines": bench.first_lines,
        "notes": bench.notes,
        "rows": [asdict(row) | {"ratio": row.ratio(measured[row.measure])} for row in rows],
        "measures": {
            name: sides
            if isinstance(sides, str)
            else {side: each if isinstance(each, str) else asdict(each) for side, each in sides.items()}
            for name, sides in measured.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
