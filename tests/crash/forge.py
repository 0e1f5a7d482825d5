"""Run the real command many times, and kill it (SIGKILL) at the N-th step that changes anything.

A step is a system call that changes a file, a lock or what another machine
knows. They are counted over all threads, by ptrace(2): a run stopped at the
entry of its N-th has done exactly N - 1, and does no more.

Started as a program it reads jobs as JSON, a line each, and answers each with a
line. The command is imported once, and every job is a fork: else most of the
time would go into imports, which change nothing.
"""

import ctypes
import json
import os
import signal
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

ARCHITECTURES: Mapping[str, Mapping[int, str]] = {
    "x86_64": {
        1: "write", 18: "pwrite64", 20: "writev", 42: "connect", 44: "sendto", 46: "sendmsg",
        73: "flock", 74: "fsync", 75: "fdatasync", 76: "truncate", 77: "ftruncate", 82: "rename",
        83: "mkdir", 84: "rmdir", 86: "link", 87: "unlink", 88: "symlink", 90: "chmod",
        91: "fchmod", 257: "openat", 258: "mkdirat", 263: "unlinkat", 264: "renameat",
        307: "sendmmsg", 316: "renameat2",
    },
    "aarch64": {
        32: "flock", 34: "mkdirat", 35: "unlinkat", 36: "symlinkat", 37: "linkat",
        38: "renameat", 45: "truncate", 46: "ftruncate", 52: "fchmod", 53: "fchmodat",
        56: "openat", 64: "write", 66: "writev", 68: "pwrite64", 82: "fsync", 83: "fdatasync",
        203: "connect", 206: "sendto", 211: "sendmsg", 269: "sendmmsg", 276: "renameat2",
    },
}  # fmt: skip
"""The system calls that are steps, by machine and number; `openat` where it may create."""

CREATES = os.O_CREAT | os.O_TRUNC

TRACEME, CONT_TO_SYSCALL, SETOPTIONS, SYSCALL_INFO = 0, 24, 0x4200, 0x420E
SYSGOOD, FOLLOW_CLONE, EXITKILL = 0x01, 0x08, 0x100000
ALL_THREADS = 0x40000000
ENTRY = 1

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


@dataclass
class Job:
    """A command line, where it runs, and the step at which it is killed; 0: none."""

    words: Sequence[str]
    folder: str
    environment: Mapping[str, str]
    kill_at: int


def main() -> None:
    """Do jobs until there are no more."""
    import providers.cloudflare
    import providers.route53.adapter  # noqa: F401

    sys.dont_write_bytecode = True
    read_once()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(traced(Job(**json.loads(line)))) + "\n")
        sys.stdout.flush()


def read_once() -> None:
    """Have every job share what boto3 reads of Route 53: half a second, and changes nothing."""
    import boto3
    import botocore.loaders
    import botocore.session

    shared = botocore.loaders.create_loader()
    botocore.session.create_loader = lambda *_: shared
    boto3.Session("id", "secret").client("route53", "us-east-1").close()


def traced(job: Job) -> dict[str, Any]:
    """Do *job*; return its exit status, None if it was killed, and its steps."""
    child = os.fork()
    if child == 0:
        perform(job)
    os.waitpid(child, 0)
    trace(SETOPTIONS, child, SYSGOOD | FOLLOW_CLONE | EXITKILL)
    steps: list[str] = []
    status = None
    for step in follow(child):
        if isinstance(step, int):
            status = step
            break
        steps.append(step)
        if len(steps) == job.kill_at:
            os.kill(child, signal.SIGKILL)
    killed = status == -signal.SIGKILL
    return {"status": None if killed else status, "steps": steps}


def perform(job: Job) -> None:
    """Become the command that *job* asks for."""
    from pipeline import cli

    os.setsid()
    os.chdir(job.folder)
    os.environ.clear()
    os.environ.update(job.environment)
    for descriptor, name, how in ((0, os.devnull, os.O_RDONLY), *OUTPUTS):
        os.dup2(os.open(name, how, 0o600), descriptor)
    trace(TRACEME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    status = 70
    try:
        status = cli.main(job.words)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        os._exit(status)


OUTPUTS = tuple(
    (descriptor, name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor, name in ((1, "out"), (2, "err"))
)


def follow(child: int) -> Iterator[str | int]:
    """Let *child* and its threads go from system call to system call.

    Yields each step before it is taken, and at last the exit status.
    """
    known = {child}
    move(child)
    while True:
        thread, status = os.waitpid(-1, ALL_THREADS)
        if not os.WIFSTOPPED(status):
            if thread == child:
                yield os.waitstatus_to_exitcode(status)
                return
            continue
        sign = os.WSTOPSIG(status)
        if sign == signal.SIGTRAP | 0x80:
            if (step := entered(thread)) is not None:
                yield step
            move(thread)
        elif status >> 16 or (sign == signal.SIGSTOP and thread not in known):
            known.add(thread)
            move(thread)
        else:
            move(thread, sign)


def entered(thread: int) -> str | None:
    """Return the step that *thread* is about to take, or None if it is none."""
    raw = ctypes.create_string_buffer(88)
    if libc.ptrace(SYSCALL_INFO, thread, len(raw), ctypes.addressof(raw)) < 0:
        return None
    kind, number, _, _, flags = struct.unpack_from("<B23xQQQQ", raw)
    name = STEPS.get(number) if kind == ENTRY else None
    return None if name == "openat" and not flags & CREATES else name


def move(thread: int, sign: int = 0) -> None:
    """Let *thread* go on to its next system call, with signal *sign* delivered."""
    with suppress(ProcessLookupError):  # it was killed
        trace(CONT_TO_SYSCALL, thread, sign)


def trace(request: int, thread: int, content: int = 0) -> None:
    """Do ptrace(2)."""
    if libc.ptrace(request, thread, None, content) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


STEPS = ARCHITECTURES.get(os.uname().machine, {})

if __name__ == "__main__":
    main()
