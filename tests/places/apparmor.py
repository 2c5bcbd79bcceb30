"""plugcli behind AppArmor, as on Ubuntu: python -m tests.places.apparmor

In the virtual machine of ../shared/vm with Debian 13 (VM_DIR says where it is), whose AppArmor knows `userns`. Ubuntu's restriction is
imitated by profiles, because its setting is missing in Debian's kernel: see apparmor_inside.sh. It takes about twenty minutes.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.places.booted import command
from tests.places.folder import fill

_SECONDS = 3600
_INSIDE = """
make() { su - dev -c "sh /job/install $1"; }
make /home/dev/venv
make /home/dev/copied
rm /home/dev/copied/bin/python* && cp "$(readlink -f /usr/bin/python3)" /home/dev/copied/bin/python3
ln -s python3 /home/dev/copied/bin/python
bash /job/plugcli/tests/places/apparmor_inside.sh /home/dev/venv /home/dev/copied
"""


def main() -> None:
    """Boot the machine, print what was seen, and exit with 1 if something is not as it has to be."""
    with tempfile.TemporaryDirectory(prefix="place-") as name:
        folder = Path(name)
        fill(folder, "3.13")
        sys.exit(subprocess.run(command(folder, _INSIDE, _SECONDS), check=False).returncode)


if __name__ == "__main__":
    main()
