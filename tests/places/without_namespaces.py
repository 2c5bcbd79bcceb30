"""Take namespaces and mounts away from a command, as Docker's default does: python tests/places/without_namespaces.py COMMAND...

The seccomp filter refuses what Docker's default profile refuses about namespaces, mounts, keys and files opened by handle, with the same
errors. Root keeps the capabilities that Docker leaves it. An ordinary user gets no_new_privs, without which the kernel takes no filter of
theirs. The proof for a real container is `tests/places/container`; this is the quick way to the same refusals. Standard library only.
"""

import ctypes
import os
import platform
import struct
import sys

_EPERM, _ENOSYS = 1, 38
_ANY_NAMESPACE = 0x7E020000  # as in Docker's profile; clone does not take CLONE_NEWTIME, whose bit is part of its exit signal

# Numbers: x86_64, aarch64. A call that is newer than both tables has the same number in both.
_REFUSED = {
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
}
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000

# CAP_CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_RAW, SYS_CHROOT, MKNOD, AUDIT_WRITE, SETFCAP
_DOCKERS_CAPABILITIES = (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31)

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_CAPABILITY_VERSION_3 = 0x20080522
_CAPABILITIES_AT_MOST = 64

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ, BPF_JMP|JSET, BPF_RET
_OFFSET_NR, _OFFSET_ARCH, _OFFSET_FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


def filter_program(machine: str) -> bytes:
    """Return the filter as an array of struct sock_filter."""
    column = list(_AUDIT_ARCH).index(machine)
    steps = [
        (_LOAD, 0, 0, _OFFSET_ARCH),
        (_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),  # 32-bit programs have no place here
        (_LOAD, 0, 0, _OFFSET_NR),
    ]
    if machine == "x86_64":
        steps += [(_ANY_BIT, 0, 1, _X32_BIT), (_RETURN, 0, 0, _ERRNO | _ENOSYS)]
    for numbers in _REFUSED.values():
        steps += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    steps += [
        (_EQUAL, 0, 1, _CLONE3[column]),
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),  # its flags are behind a pointer; libc falls back to clone
        (_EQUAL, 0, 3, _CLONE[column]),
        (_LOAD, 0, 0, _OFFSET_FIRST_ARGUMENT),
        (_ANY_BIT, 0, 1, _ANY_NAMESPACE),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def take_away() -> None:
    """Take namespaces and mounts away from this process and all that it starts, for good.

    Raises OSError where the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def call(name: str, *arguments: object) -> None:
        if getattr(libc, name)(*arguments) != 0:
            code = ctypes.get_errno()
            raise OSError(code, f"{name}{arguments[:2]}: {os.strerror(code)}")

    zero = ctypes.c_ulong(0)
    if os.geteuid() == 0:
        for capability in range(_CAPABILITIES_AT_MOST):
            if capability not in _DOCKERS_CAPABILITIES:
                # The kernel answers EINVAL to a capability that it does not have.
                libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), zero, zero, zero)
    else:
        call("prctl", _PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero)
    instructions = filter_program(platform.machine())
    array = ctypes.create_string_buffer(instructions, len(instructions))
    program = struct.pack("@HP", len(instructions) // 8, ctypes.addressof(array))  # struct sock_fprog
    call("prctl", _PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), program, zero, zero)
    if os.geteuid() == 0:
        header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
        # Two of struct __user_cap_data_struct: effective, permitted, inheritable.
        now = ctypes.create_string_buffer(24)
        call("capget", header, now)
        permitted = struct.unpack("=6I", now.raw)[1]
        kept = permitted & sum(1 << capability for capability in _DOCKERS_CAPABILITIES)
        call("capset", header, struct.pack("=6I", kept, kept, 0, 0, 0, 0))


if __name__ == "__main__":
    take_away()
    os.execvp(sys.argv[1], sys.argv[1:])
