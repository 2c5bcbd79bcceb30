"""plugcli in a virtual machine: python -m tests.places.machine [--patience 20] [--hours 8] [--tests FILES] [--record FILE] [PART...]

The machine is that of ../shared/vm (VM_DIR says which). It has systemd, cgroup v2, and an ordinary user, `dev`. Each part boots it anew:
`dev` and `dev-without` show one test of each row of the abuse table as that user, with namespaces and without; `rest` shows all the other
tests once, in boxes that root makes there. Emulation is some twenty times slower than hardware, so this takes hours, and CI does not do it.
Prints the table, and how long each part took.
"""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.places.booted import command
from tests.places.folder import fill
from tests.places.place import Place, all_good, table

INSIDE = "sh /job/plugcli/tests/places/inside.sh /job"
WITHOUT = "python3 /job/plugcli/tests/places/without_namespaces.py"
PARTS = {
    "dev": f"su - dev -c 'export $PATIENCE; {INSIDE} /home/dev/venv here first $TESTS'",
    "dev-without": f"su - dev -c 'export $PATIENCE; {WITHOUT} {INSIDE} /home/dev/venv here first $TESTS'",
    "rest": f"export $PATIENCE PLUGCLI_ABUSE_WHO=user; {INSIDE} /opt/venv own rest $TESTS",
}
"""What root runs in the machine."""


def main() -> None:
    """Boot the machine for each part that the command line names, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default: all")
    parser.add_argument("--python", default="3.11", help="the machine's Python")
    parser.add_argument("--patience", type=float, default=20, help="how many times slower the machine is")
    parser.add_argument("--hours", type=float, default=8, help="the most that a part may take")
    parser.add_argument("--tests", default="", help="only the tests of these files or names, as for pytest")
    parser.add_argument(
        "--record", help="keep what passed in RECORD.PART, and do not try again what is there"
    )
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the folder goes
    unknown = set(asked.part) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    places = []
    for part in asked.part or PARTS:
        with tempfile.TemporaryDirectory(prefix="place-") as name:
            folder = Path(name)
            fill(folder, asked.python)
            patience = f"PLUGCLI_TEST_PATIENCE={asked.patience} PLUGCLI_ABUSE_RECORD=/job/record"
            script = PARTS[part].replace("$PATIENCE", patience).replace("$TESTS", asked.tests)
            record = asked.record and Path(f"{asked.record}.{part}")
            if record and record.exists():
                shutil.copy(record, folder / "record")
            place = Place("machine", part)
            try:
                place.visit(command(folder, f"export LANG=C.UTF-8\n{script}\n", round(asked.hours * 3600)))
            finally:
                if record and (folder / "record").exists():
                    shutil.copy(folder / "record", record)
            places.append(place)
    print(table(places))
    sys.exit(not all_good(places))


if __name__ == "__main__":
    main()
