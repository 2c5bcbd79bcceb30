"""`doctor --apparmor`: profiles for systems on which AppArmor restricts user namespaces (Ubuntu) or mounts (containers on it).

The launcher's profile is attached to no file, because the launcher's file is the interpreter, and it would be the profile of every Python
program. The launcher enters it by itself: see plugcli/sandbox/jail/apparmor.py.
"""

import sys
from pathlib import Path

from plugcli.sandbox.jail.apparmor import FILE, PROFILE

_HEAD = f"""\
# AppArmor profile of plugcli's launcher: it may make user namespaces, and no other program may. Needs AppArmor 4 (Ubuntu 24.04).
#
#   plugcli doctor --apparmor | sudo tee {FILE}
#   sudo apparmor_parser --replace {FILE}
#
# The launcher enters it by itself, if the file has this name. To take it back:
#
#   sudo apparmor_parser --remove {FILE} && sudo rm {FILE}
#
# What it gives away: other programs of a user can enter it too (aa-exec), and then have a user namespace with the capabilities below,
# but no netlink and no packet sockets, by which most of the kernel's network code would be reached.

abi <abi/4.0>,
include <tunables/global>

profile {PROFILE} flags=(attach_disconnected, mediate_deleted) {{
  userns,
  mount,
  umount,
  pivot_root,

  # In a user namespace: mounts, the loopback interface, giving up everything. As root also the uids and the groups of memory.
  capability sys_admin,
  capability net_admin,
  capability setpcap,
  capability setuid,
  capability setgid,
  capability chown,
  capability dac_override,
  capability dac_read_search,
  capability fowner,
  capability kill,
  capability sys_nice,
  capability sys_resource,

  # The jail's own mounts and filter confine the code.
  file,
  unix,
  network unix,
  network inet,
  network inet6,
  signal,
  ptrace,
}}
"""

_DOOR = """
# kernel.apparmor_restrict_unprivileged_unconfined is 1 on some systems: a program without a profile can then not enter another. So the
# interpreter of this venv, a file that only this venv uses, gets a profile that restricts nothing and from which it can.
profile {profile}-python {python} flags=(unconfined) {{
}}
"""

_NO_DOOR = """
# Where kernel.apparmor_restrict_unprivileged_unconfined is 1, a program without a profile cannot enter one. Then make plugcli's venv
# with an interpreter file of its own (`python3 -m venv --copies`), and print this again with its plugcli.
"""


_CONTAINER = f"""
# For containers: an engine's own profile refuses mounts, whatever its seccomp filter allows. This one takes its place, with
# `--security-opt apparmor={PROFILE}-container` (Docker, Podman) or, in a pod's securityContext (Kubernetes), with
# `appArmorProfile: {{type: Localhost, localhostProfile: {PROFILE}-container}}`. What it gives away: the container's programs may make user
# namespaces, and mounts in them. As the engines' profiles do, it keeps the container's root from the machine's settings and memory.
profile {PROFILE}-container flags=(attach_disconnected, mediate_deleted) {{
  userns,
  mount,
  umount,
  pivot_root,

  capability,
  file,
  unix,
  network,
  signal,
  ptrace peer={PROFILE}-container,

  deny @{{PROC}}/{{kcore,kmem,mem,sysrq-trigger}} rwklx,
  deny @{{PROC}}/sys/{{abi,debug,dev,fs,vm}}/** wklx,
  deny @{{PROC}}/sys/kernel/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/kernel/security/** rwklx,
  deny /sys/{{block,bus,class,dev,devices,hypervisor,module,power}}/** wklx,
}}
"""


def profile() -> str:
    """Return the profiles for the interpreter that runs plugcli, and for containers."""
    python = Path(sys.executable).resolve()
    if python.is_relative_to(Path(sys.prefix).resolve()) and sys.prefix != sys.base_prefix:
        door = _DOOR.format(profile=PROFILE, python=f'"{python}"')
    else:
        door = _NO_DOOR
    return _HEAD + door + _CONTAINER
