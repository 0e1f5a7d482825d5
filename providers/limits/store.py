"""Where the state of a budget is kept: in this process, or in a file that all processes share."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import TypeVar

from .window import HORIZON, State

LARGEST = 1 << 20
"""Bytes of a file that is worth reading."""

STUCK = 2.0
"""Seconds after which whoever holds a file for a moment is not waited for any more."""

POLL = 0.002

NUMBERS = State.__slots__[2:]
"""What a state holds besides its lists."""

Answer = TypeVar("Answer")
Edit = Callable[[State, float], tuple[State, Answer]]
Now = Callable[[], float]


class Memory:
    """State of this process alone."""

    def __init__(self) -> None:
        self._state = State()
        self._lock = Lock()

    def change(self, edit: Edit[Answer], now: Now) -> Answer:
        """Replace the state by what *edit* makes of it at present; return what else it says."""
        with self._lock:
            self._state, answer = edit(self._state, now())
        return answer


class Shared:
    """State of *account* in a file in *folder*, under a name that does not tell whose it is.

    Raises:
        OSError: From `change`, where there is no such file to be had.
    """

    def __init__(
        self, folder: Path, account: str, nap: Callable[[float], None], horizon: float = HORIZON
    ) -> None:
        self._stem = folder / hashed(account)
        self._path = self._stem.with_suffix(".budget")
        self._nap = nap
        self._horizon = horizon

    def sibling(self, zone_id: str) -> Path:
        """Return the file that is for one zone of the account."""
        return self._stem.with_name(f"{self._stem.name}-{hashed(zone_id)[:16]}.turn")

    def change(self, edit: Edit[Answer], now: Now) -> Answer:
        """Do as `Memory.change`; one process at a time, in less than a millisecond."""

        def kept(body: bytes) -> tuple[bytes, Answer]:
            moment = now()
            before = decoded(body, moment, self._horizon)
            after, answer = edit(before, moment)
            return body if after == before else encoded(after), answer

        return rewritten(self._path, kept, self._nap)


def rewritten(
    path: Path, edit: Callable[[bytes], tuple[bytes, Answer]], nap: Callable[[float], None]
) -> Answer:
    """Replace what is in the file at *path* by what *edit* makes of it; return what else it says.

    One process at a time. What is written is to be one line: who reads takes the first.

    Raises:
        OSError: There is no such file to be had.
    """
    with opened(path) as descriptor:
        for _ in range(int(STUCK / POLL)):
            if locked(descriptor):
                break
            nap(POLL)
        else:
            raise TimeoutError(f"{path} is held")
        before = os.pread(descriptor, LARGEST, 0)
        after, answer = edit(before)
        if after != before:
            # Never empty in between: a process that is killed here leaves one or the other.
            os.pwrite(descriptor, after, 0)
            os.ftruncate(descriptor, len(after))
        return answer


def locked(descriptor: int) -> bool:
    """Lock the file, or return False. The lock ends with the descriptor, or the process."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open the file at *path*, making it where need be.

    Raises:
        OSError: It is none, or a link, or in a folder that is not this user's alone.
    """
    own(path.parent)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def own(folder: Path) -> None:
    """Make *folder*, or see that it is this user's alone: others could make us wait, or not.

    Raises:
        OSError: It is not.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:  # the mode of a link is wide
        raise PermissionError(f"{folder} is not a folder of ours alone")


def encoded(state: State) -> bytes:
    """Return *state* as one line."""
    return json.dumps(asdict(state)).encode() + b"\n"


def decoded(body: bytes, now: float, horizon: float = HORIZON) -> State:
    """Return the state in *body*, a new one where that makes no sense."""
    try:
        found = json.loads(body.split(b"\n")[0])
        gone, slots = (tuple(map(float, found[name])) for name in ("gone", "slots"))
        state = State(gone, slots, *(float(found[name]) for name in NUMBERS))
    except (ValueError, LookupError, TypeError, RecursionError, OverflowError):
        return State()
    return state if state.is_sound(now, horizon) else State()


def hashed(*words: str) -> str:
    """Return a name for *words*, which may be secret, that gives none of them away."""
    return sha256("\0".join((*words, boot())).encode()).hexdigest()[:32]


def boot() -> str:
    """Return what is different after every start of this machine: its clock begins anew."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except OSError:
        return ""
