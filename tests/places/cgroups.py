"""plugcli with cgroups of version 2, delegated in every way that we know: python -m tests.places.cgroups

In the virtual machine of ../shared/vm with Debian 12 (VM_DIR says where it is): see cgroups_inside.sh. It takes about half an hour.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.places.booted import command
from tests.places.folder import fill

_SECONDS = 5400
_INSIDE = """
sh /job/install /opt/venv
cp -r /job/plugcli /opt/checkout
chmod -R go+rX /opt
cd /opt/checkout && bash tests/places/cgroups_inside.sh /opt/venv/bin/python
"""


def main() -> None:
    """Boot the machine, print what was seen, and exit with 1 if something is not as it has to be."""
    with tempfile.TemporaryDirectory(prefix="place-") as name:
        folder = Path(name)
        fill(folder, "3.11")
        sys.exit(subprocess.run(command(folder, _INSIDE, _SECONDS), check=False).returncode)


if __name__ == "__main__":
    main()
