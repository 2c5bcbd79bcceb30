"""A box for attacks: it runs code in the sandbox and outside it, as root or as an ordinary user.

Everything runs in a pid, mount and network namespace of the test's own and under rlimits, so that a sandbox that fails does not take the
machine along, and nothing is left when a test ends. Where the machine itself is thrown away afterwards, a container or a virtual one, the
box is a folder there (here.py): no namespace of ours may stand between the sandbox and that place.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.abuse import here
from tests.abuse.patience import PATIENCE, patient, stretched
from tests.abuse.scales import scales

REPOSITORY = Path(__file__).parents[2]
USER = os.geteuid() or 61234
"""An ordinary user's uid: nobody's, or whoever runs the tests."""
FILTER = "/mnt/plugcli/tests/places/without_namespaces.py"
"""What takes namespaces and mounts away from the attack, so that the sandbox has to take the second level."""
OWN_PYTHON = "/mnt/home/.local/share/python"
"""An installation of the user's own, below a home folder: where pyenv, uv, conda and pipx put theirs."""

# /mnt is a tmpfs of this namespace alone: the repository is bound there, so that an ordinary user may read it wherever it really is.
# The suid file and the user's own venv are what two of the attacks want to find. Temporary folders lie there too, for they are left behind
# where a control kills all that it can reach, the harness with it.
_PREPARE = """
set -e
ulimit -c unlimited
if [ -n "$GROUP" ]; then echo 0 > "$GROUP/cgroup.procs"; fi
if [ -n "$WITHOUT_CGROUPS" ]; then mount -t tmpfs tmpfs /sys/fs/cgroup; fi
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/plugcli /mnt/venv
mkdir -m 1777 /mnt/tmp
export TMPDIR=/mnt/tmp
mount --bind "$REPOSITORY" /mnt/plugcli
ip link set lo up
ip link add test0 type veth peer name test1
ip addr add 10.77.0.1/24 dev test0
ip addr add fd77::1/64 dev test0 nodad
# The addresses at which clouds hand out credentials.
ip addr add 169.254.169.254/32 dev test0
ip addr add fd00:ec2::254/128 dev test0 nodad
ip link set test0 up
echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range
if [ -n "$WITH_VENV" ]; then
    "$PYTHON" -m venv --without-pip --symlinks /mnt/venv
    cp "$(command -v id)" /mnt/venv/bin/suid-id
    chown -R "$OWNER" /mnt/venv/lib /mnt/venv/bin
    chown 0:0 /mnt/venv/bin/suid-id
    chmod 4755 /mnt/venv/bin/suid-id
fi
if [ -n "$OWN_PYTHON" ]; then
    version=$(basename "$(readlink -f /usr/bin/python3)")
    mkdir -p "$OWN_PYTHON/bin" "$OWN_PYTHON/lib"
    cp "/usr/bin/$version" "$OWN_PYTHON/bin/python3"
    tar -C /usr/lib -c --exclude='config-*' "$version" | tar -C "$OWN_PYTHON/lib" -x
    chown -R "$OWNER" /mnt/home
fi
cd /
prlimit --nproc=1500 --as=${SIZE_LIMIT:-$((8 << 30))} --fsize=$((1 << 30)) --nofile=1024 $DROP $WITHOUT "$@"
"""

_IMPORTS = """
import asyncio, json, os, subprocess, sys, time
from plugcli.sandbox import Key, Policy, Sandbox
async def data(*parts):
    for part in parts: yield part
SMALL = Policy(wall_seconds=20.0, memory_bytes=256 << 20)
"""

LOOK = """
import signal
from pathlib import Path
def launcher():
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            if b'launcher.main' in (folder / 'cmdline').read_bytes() and f'PPid:\\t{os.getpid()}\\n' in (folder / 'status').read_text():
                return folder
        except OSError: pass
def everybody():
    found = set()
    for folder in Path('/proc').glob('[0-9]*'):
        try: state = (folder / 'stat').read_text().rpartition(')')[2].split()[0]
        except OSError: continue
        if state not in 'ZX': found.add(folder.name)
    return found
"""
"""For programs given to `Box.host`: where their launcher is in /proc, and who is there at all."""


def can_run(python: str, uid: int) -> bool:
    """Whether the user `uid` can start `python` and load its library: not when it is in root's home."""
    # By way of sh: setpriv itself would still find the file with root's rights.
    command = [*_drop_to(uid), "sh", "-c", 'exec "$0" -c "import ctypes, json, socket"', python]
    return subprocess.run(command, env={}, capture_output=True, check=False).returncode == 0


def _drop_to(uid: int) -> list[str]:
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all"]


@dataclass(frozen=True)
class Box:
    """Runs code inside and outside of the sandbox as one user."""

    who: str
    python: str
    level: str = "namespaces"
    """Which level of the sandbox it has to hold: namespaces or landlock."""

    @property
    def is_landlock(self) -> bool:
        """Whether it is a jail without mounts: the host's paths are there, and refused."""
        return self.level == "landlock"

    def inside(
        self,
        code: str,
        *,
        then: str = "",
        with_facts: bool = True,
        with_venv: bool = False,
        with_home: bool = False,
        **policy: Any,
    ) -> dict[str, Any]:
        """Return the RunResult of `code` in the sandbox, with `seconds`, `left`, `heard`, `then` and `bystander_lives`."""
        policy = {"wall_seconds": 20.0, "memory_bytes": 256 << 20} | policy
        request = {"code": code, "inside": True, "then": then, "with_facts": with_facts, "policy": policy}
        return self._run(request | {"with_home": with_home}, with_venv)

    def outside(
        self,
        code: str,
        *,
        seconds: float = 10.0,
        with_facts: bool = True,
        with_venv: bool = False,
        with_home: bool = False,
    ) -> dict[str, Any]:
        """Return how `python FILE` ended; `{"harness": "killed"}` when the code killed what ran it."""
        request = {"code": code, "inside": False, "control_seconds": seconds, "with_facts": with_facts}
        return self._run(request | {"with_home": with_home}, with_venv)

    def host(self, program: str, *, seconds: float = 30.0, **how: bool) -> dict[str, Any]:
        """Return how a program of the user's own ended, one that uses the sandbox: for what only those outside a jail can see."""
        result = self.outside(_IMPORTS + program, seconds=seconds, **how)
        assert (result["outcome"], result["stderr"]) == ("ok", ""), result
        return result

    def session(
        self, *codes: str, with_facts: bool = False, preload: Sequence[str] = (), **policy: Any
    ) -> list[dict[str, Any]]:
        """Return the RunResults of calls in one session, each with `seconds`; nothing is left of it afterwards."""
        return self.sessions({"session": codes}, with_facts=with_facts, preload=preload, **policy)["session"]

    def sessions(
        self,
        told: Mapping[str, Sequence[str]],
        *,
        with_facts: bool = False,
        preload: Sequence[str] = (),
        **policy: Any,
    ) -> dict[str, list[dict[str, Any]]]:
        """Return what `session` does, of several sessions of one Sandbox, by name: they talk at the same time."""
        policy = {"wall_seconds": 20.0, "memory_bytes": 256 << 20} | policy
        how = {"inside": True, "with_facts": with_facts, "policy": policy, "preload": list(preload)}
        result = self._run(how | {"sessions": told}, with_venv=False)
        assert result["left"] == []
        answers: dict[str, list[dict[str, Any]]] = result["answers"]
        return answers

    def notes(self, body: str, **policy: Any) -> list[Any]:
        """Return what `body` appends to `notes`: the body of a coroutine that has a `sandbox`, its `sessions`, and `opened(key)`."""
        policy = {"wall_seconds": 20.0, "memory_bytes": 64 << 20} | policy
        lines = "\n".join(f"        {line}" for line in body.strip().splitlines())
        program = f"""{LOOK}
from plugcli.errors import PlugcliError
from plugcli.sandbox import FileRefused
async def main():
    notes = []
    async with Sandbox(Policy(**{policy!r}), spares=0) as sandbox:
        sessions = sandbox.sessions
        opened = lambda name: sessions.open(Key(name))
{lines}
    print(json.dumps(notes))
asyncio.run(main())
"""
        notes: list[Any] = json.loads(self.host(program)["stdout"])
        return notes

    def kernel(self, *codes: str, seconds: float = 10.0, with_facts: bool = False) -> list[dict[str, Any]]:
        """Return the answers of a conversation outside, `outcome` and `stdout`, as kernel.py keeps it."""
        how = {"inside": False, "with_facts": with_facts, "control_seconds": seconds}
        result = self._run(how | {"sessions": {"session": codes}}, with_venv=False)
        answers: list[dict[str, Any]] = result["answers"]["session"]
        return answers

    def weighed(self, code: str, *, with_cgroups: bool, **policy: Any) -> dict[str, Any]:
        """Return what `inside` does, and `peak_bytes` and `kept_bytes`: the most memory that everything took, by the kernel's own count,
        and what of it stays when the kernel wants it back.
        """
        policy = {"wall_seconds": 20.0, "memory_bytes": 256 << 20} | policy
        request = {
            "code": code,
            "inside": True,
            "then": "print('next')",
            "with_facts": False,
            "policy": policy,
        }
        with scales() as under:
            result = self._run(
                request,
                with_venv=False,
                more={
                    "GROUP": str(under.folder),
                    "WITHOUT_CGROUPS": "" if with_cgroups else "1",
                    "SIZE_LIMIT": "unlimited",
                },
            )
            return result | {"peak_bytes": under.peak_bytes, "kept_bytes": under.take_back()}

    def weighed_outside(self, code: str) -> dict[str, Any]:
        """Return what `outside` does, and `peak_bytes`."""
        request = {"code": code, "inside": False, "control_seconds": 12.0, "with_facts": False}
        with scales() as under:
            more = {"GROUP": str(under.folder), "WITHOUT_CGROUPS": "", "SIZE_LIMIT": "unlimited"}
            return self._run(request, with_venv=False, more=more) | {"peak_bytes": under.peak_bytes}

    def _run(
        self, request: dict[str, Any], with_venv: bool, more: dict[str, str] | None = None
    ) -> dict[str, Any]:
        with_home = request.pop("with_home", False)
        request["python"] = "/mnt/venv/bin/python" if with_venv else None
        uid = 0 if self.who == "root" else USER
        python = "/usr/bin/python3" if with_venv else self.python
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "REPOSITORY": str(REPOSITORY),
            "PYTHONPATH": "/mnt/plugcli",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHON": python,
            "WITH_VENV": "1" if with_venv else "",
            "OWN_PYTHON": OWN_PYTHON if with_home else "",
            "OWNER": f"{uid}:{uid}",
            "DROP": "" if uid == os.geteuid() else " ".join(_drop_to(uid)),
            "WITHOUT": f"{python} {FILTER}" if self.level == "landlock" else "",
            **(more or {}),
        }
        command = [
            f"{OWN_PYTHON}/bin/python3" if with_home else python,
            "/mnt/plugcli/tests/abuse/harness.py",
        ]
        request = stretched(request)
        if here.IS_HERE:
            done = here.run(command, request, environment)
        else:
            done = subprocess.run(
                [*_NAMESPACES, "sh", "-c", _PREPARE, "abuse", *command],
                input=json.dumps(request).encode(),
                env=environment,
                capture_output=True,
                timeout=120 * PATIENCE,
                check=False,
            )
        if not request["inside"] and done.returncode in (-9, 137, 128 + 19):
            return {"harness": "killed"}
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        answer: dict[str, Any] = patient(json.loads(done.stdout))
        return answer


_NAMESPACES = (
    "unshare",
    "--pid",
    "--mount",
    "--net",
    "--ipc",
    "--uts",
    "--fork",
    "--kill-child=KILL",
    "--mount-proc",
)
