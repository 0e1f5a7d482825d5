"""Run a program to its end or its deadline, with all that it has started."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from providers.threads import in_thread

KEPT = 2000
"""Octets of its last words."""
LATE_S = 0.5
"""For words under way, once it has ended: whom it has started may hold on to its output."""
GUARD = (sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py")))


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit status, or minus the signal; and its last words."""

    status: int
    said: str


def run(words: Sequence[str], environment: Mapping[str, str], seconds: float) -> Ended:
    """Return how the program ended that *words* name and are given to.

    It does not outlive us, however we end: a guard, its parent, sees to that.

    Raises:
        TimeoutError: It ran for *seconds*. Its process group has been killed.
        OSError: It cannot be started.
    """
    channel, theirs = socket.socketpair()
    with channel:
        with theirs:
            process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - the user has named it, in so many words
                GUARD,
                env=dict[str, str](),
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        said = bytearray()
        reading = in_thread(lambda: listen(cast("IO[bytes]", process.stdout), said))
        try:
            with suppress(ConnectionError):  # what has become of the guard is seen below
                channel.sendall(order(words, environment, seconds + LATE_S))
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            kill(process)
            raise TimeoutError(f"killed after {seconds:g} s") from None
        finally:
            wait([reading], timeout=LATE_S)
        answer = answered(channel)
    if "errno" in answer:
        raise OSError(answer["errno"], os.strerror(answer["errno"]))
    return Ended(answer.get("status", status), said.decode(errors="replace"))


def order(words: Sequence[str], environment: Mapping[str, str], seconds: float) -> bytes:
    """Return what the guard is told."""
    document = {
        "words": [octets(word) for word in words],
        "environment": {octets(name): octets(value) for name, value in environment.items()},
        "seconds": seconds,
    }
    return json.dumps(document).encode() + b"\n"


def octets(text: str) -> str:
    """Return what the system calls *text*, a character for each octet."""
    return os.fsencode(text).decode("latin-1")


def answered(channel: socket.socket) -> Mapping[str, int]:
    """Return what the guard said before it ended; nothing if it was killed."""
    with suppress(ConnectionError):
        said = channel.recv(1 << 10)
        return cast("Mapping[str, int]", json.loads(said)) if said else {}
    return {}


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End *process*, and whom it has started, unless they left its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def listen(stream: IO[bytes], said: bytearray) -> None:
    """Keep in *said* the last that comes down *stream*, however much that is."""
    with stream:
        while more := os.read(stream.fileno(), 1 << 16):
            said += more
            del said[:-KEPT]
