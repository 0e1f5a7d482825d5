"""Run as a script: confine this process as a unit's sandbox would, then become the command.

    confine.py SETTINGS COMMAND...

*SETTINGS* is the path of the unit. What it allows of system calls and address families is read
from it, and put in force by the library that systemd itself uses.
"""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

NO_NEW_PRIVS, MDWE, REFUSE_EXEC_GAIN = 38, 65, 1
"""Of prctl(2): what NoNewPrivileges and MemoryDenyWriteExecute set."""

ALLOW, ERRNO_EPERM, EQUAL = 0x7FFF0000, 0x00050001, 4
"""Of seccomp.h."""

FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}


class Comparison(ctypes.Structure):
    """``struct scmp_arg_cmp``: the argument at a place, and what it is to be."""

    _fields_ = (
        ("place", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("unused", ctypes.c_uint64),
    )


def members(names: Sequence[str]) -> Iterator[str]:
    """Yield the system calls of *names*, sets of systemd's resolved."""
    for name in names:
        if not name.startswith("@"):
            yield name
            continue
        words = ["systemd-analyze", "syscall-filter", name]
        listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        lines = [line.strip() for line in listed.splitlines()[1:]]
        yield from members([line for line in lines if line and not line.startswith("#")])


def allowed(unit: str) -> tuple[set[str], list[int]]:
    """Return the system calls, and the address families, that the text of *unit* allows."""
    calls: set[str] = set()
    families: list[int] = []
    for line in unit.splitlines():
        name, _, value = line.partition("=")
        if name == "SystemCallFilter" and value.startswith("~"):
            calls -= set(members(value.removeprefix("~").split()))
        elif name == "SystemCallFilter":
            calls |= set(members(value.split()))
        elif name == "RestrictAddressFamilies":
            families += [FAMILIES[each] for each in value.split()]
    return calls, families


def enforce(calls: set[str], families: Sequence[int]) -> None:
    """Let nothing but *calls* be called from now on; sockets of *families* only."""
    libc, seccomp = ctypes.CDLL(None), ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    filter_ = ctypes.c_void_p(seccomp.seccomp_init(ERRNO_EPERM))
    for name in calls - {"socket"}:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # else another architecture's
            assert seccomp.seccomp_rule_add(filter_, ALLOW, number, 0) == 0, name
    socket = seccomp.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        rule = Comparison(0, EQUAL, family, 0)
        added = seccomp.seccomp_rule_add_array(filter_, ALLOW, socket, 1, ctypes.byref(rule))
        assert added == 0, family
    assert libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    libc.prctl(MDWE, REFUSE_EXEC_GAIN, 0, 0, 0)  # Linux 6.3; before, this says EINVAL
    assert seccomp.seccomp_load(filter_) == 0


if __name__ == "__main__":
    _, settings, *command = sys.argv
    enforce(*allowed(Path(settings).read_text()))
    os.umask(0o077)
    os.execv(command[0], command)
