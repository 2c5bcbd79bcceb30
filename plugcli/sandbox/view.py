"""What a jail sees of this machine: the paths in the Plan, and a few made-up files."""

import os
from pathlib import Path

from plugcli.sandbox.interpreter import Interpreter
from plugcli.sandbox.jail.plan import HOME, HOSTNAME, UID, Plan
from plugcli.sandbox.limits import Limits
from plugcli.sandbox.policy import Policy

_LIBRARY_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = ("/etc/localtime", "/etc/ld.so.cache", "/etc/alternatives")
_BYTES_PER_INODE = 16384
LEVELS = ("namespaces", "landlock")
"""The levels, the strongest first."""
STRONGEST = LEVELS[0]

_FILES = (
    (
        "/etc/passwd",
        f"sandbox:x:{UID}:{UID}:sandbox:{HOME}:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
    ),
    ("/etc/group", f"sandbox:x:{UID}:\nnogroup:x:65534:\n"),
    ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n"),
    ("/etc/hosts", f"127.0.0.1 localhost {HOSTNAME}\n::1 localhost\n"),
    ("/etc/hostname", f"{HOSTNAME}\n"),
    # Debian's pip and requests look here first, and without it they blame certificates for the missing network.
    ("/etc/ssl/certs/ca-certificates.crt", "# There is no network in here, so there is nobody to trust.\n"),
    # matplotlib asks fontconfig, which complains about a missing file on standard error at every plot.
    (
        "/etc/fonts/fonts.conf",
        (
            '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">'
            "<fontconfig><dir>/usr/share/fonts</dir><cachedir>/tmp/fontconfig</cachedir></fontconfig>\n"
        ),
    ),
)


def plan(
    policy: Policy, interpreter: Interpreter, preload: tuple[str, ...] = (), *, has_spares: bool = True
) -> Plan:
    """Return how jails under `policy` are made for `interpreter` on this machine."""
    binds = ["/usr"]
    links = []
    for folder in _LIBRARY_FOLDERS:
        if Path(folder).is_symlink():
            links.append((str(Path(folder).readlink()), folder))
        elif Path(folder).is_dir():
            binds.append(folder)
    for path in _ETC:
        real = os.path.realpath(path)
        if real.startswith("/usr/"):
            links.append((real, path))
        elif Path(path).exists():
            binds.append(path)
    return Plan(
        levels=LEVELS,
        binds=tuple(sorted({*binds, *interpreter.folders})),  # a folder before what lies in it
        links=tuple(links),
        files=_FILES,
        python=None if interpreter.is_our_own else interpreter.executable,
        preload=preload,
        has_spares=has_spares,
        has_sessions=policy.sessions > 0,
        folder=os.path.realpath(os.environ.get("TMPDIR") or "/tmp"),
        memory_bytes=policy.memory_bytes,
        workspace_bytes=policy.workspace_bytes_held,
        scratch_bytes=policy.scratch_bytes,
        inodes=max(1024, policy.workspace_bytes_held // _BYTES_PER_INODE),
        processes=policy.processes,
        open_files=policy.open_files,
        cpus=policy.cpus,
    )


def environment(limits: Limits, interpreter: Interpreter) -> dict[str, str]:
    """Return the code's complete environment. The launcher has it too, because /proc shows the one that a process started with."""
    folders = [str(Path(interpreter.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    threads = str(min(limits.cpus, len(os.sched_getaffinity(0))))
    values = {
        "PATH": ":".join(dict.fromkeys(folders)),
        "HOME": HOME,
        "USER": "sandbox",
        "LOGNAME": "sandbox",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",
        "MPLBACKEND": "Agg",
        # With one retry pip reports at once that there is no network. Five retries take eight seconds, and with none it reports nothing.
        "PIP_RETRIES": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        # Libraries start a thread for each CPU of the machine, not of the jail.
        **dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_MAX_THREADS"), threads
        ),
    }
    venv = Path(interpreter.executable).parent.parent
    if (venv / "pyvenv.cfg").is_file():
        values["VIRTUAL_ENV"] = str(venv)
    return values
