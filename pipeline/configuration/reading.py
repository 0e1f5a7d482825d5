"""Read the files that a user names: small ones, of which nobody else can say what is in them."""

import errno
import os
import select
import stat
from contextlib import suppress
from pathlib import Path

from pipeline.model import Problem, Severity
from pipeline.text import quoted

from .values import wrong

LIMIT = 1 << 20
"""Octets of the largest file taken."""

PATIENCE = 10.0
"""Seconds that a pipe may be silent."""


class SecretFiles:
    """The files that hold secrets, each read once: a pipe has no more to give.

    Args:
        guarded: The folder that a service manager keeps for this process alone, whatever the modes
            of its files seem to say: systemd gives its user access by an ACL, which shows as the
            group's.
    """

    def __init__(self, guarded: str | None = None) -> None:
        self._guarded = guarded
        self._found: dict[str, str] = {}
        self._remarks: list[Problem] = []

    @property
    def remarks(self) -> tuple[Problem, ...]:
        """What is to be said of them, once for each."""
        return tuple(self._remarks)

    def read(self, path: str, variable: str) -> str:
        """Return the secret in the file at *path*, which *variable* names.

        Raises:
            Failed: 78, if it cannot be read, is empty, or others can write to it.
        """
        if path not in self._found:
            self._found[path] = self._read(path, f"{variable} names {quoted(path)}")
        return self._found[path]

    def _read(self, path: str, names: str) -> str:
        try:
            octets, status = content(Path(path))
            found = octets.decode().strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not text"
            hint = "" if is_path(path) else "it takes the path of a file, not the secret itself"
            raise wrong(f"{names}: {reason.lower()}", hint) from error
        if why := exposure(status):
            raise wrong(f"{names}: {why}", "chown it to yourself, chmod 600, and change the secret")
        if not found:
            raise wrong(f"{names}: it is empty")
        is_guarded = self._guarded and Path(path).is_relative_to(self._guarded)
        if not is_guarded and (remark := readers(path, status)):
            self._remarks.append(remark)
        return found


def is_path(text: str) -> bool:
    """Whether *text* leads, or begins to lead, to what is there: no secret does."""
    try:
        path = Path(text)
        if path.exists() or path.is_symlink():
            return True
        folders = path.parts[:-1] if not path.is_absolute() else path.parts[1:-1]
        return bool(folders) and Path(path.anchor, folders[0]).is_dir()
    except (OSError, ValueError):
        return False


def content(path: Path) -> tuple[bytes, os.stat_result]:
    """Return what *path* holds, a pipe or a device as well, and whose it is.

    Raises:
        OSError: It cannot be read, is too large, or nobody writes to the pipe.
        ValueError: No file can have this name.
    """
    # Without O_NONBLOCK a pipe that nobody writes to would hold us up for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        status = os.fstat(descriptor)
        found = bytearray()
        while chunk := next_chunk(descriptor, status):
            found += chunk
            if len(found) > LIMIT:
                raise OSError(errno.EFBIG, f"it is larger than {LIMIT} octets")
        return bytes(found), status
    finally:
        os.close(descriptor)


def next_chunk(descriptor: int, status: os.stat_result) -> bytes:
    """Return what comes next of *descriptor*; nothing at its end."""
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(PATIENCE * 1000):
            raise TimeoutError(errno.ETIMEDOUT, f"nothing came from it in {PATIENCE:.0f} s")
    return os.read(descriptor, 65_536)


def exposure(status: os.stat_result) -> str:
    """Return why a file could hold what somebody else has put there; or nothing.

    Root may read what belongs to others: in a container, ids of files often mean nothing.
    """
    if not stat.S_ISREG(status.st_mode):
        return ""
    if status.st_mode & stat.S_IWOTH:
        return "everybody can write to it"
    user = os.geteuid()
    if user and status.st_uid not in {0, user}:
        return f"it belongs to another user (uid {status.st_uid})"
    return ""


def readers(path: str, status: os.stat_result) -> Problem | None:
    """Return the warning that others, too, can read or, as a group, write the secret at *path*."""
    mode = stat.S_IMODE(status.st_mode)
    group, others = mode & (stat.S_IRGRP | stat.S_IWGRP), mode & stat.S_IROTH
    if not stat.S_ISREG(status.st_mode) or not group | others:
        return None
    gates = [gate for gate in above(path) if not gate.st_mode & stat.S_IXOTH]
    own = {0, os.geteuid(), status.st_uid}
    if any(gate.st_uid in own and not gate.st_mode & stat.S_IXGRP for gate in gates):
        return None
    whose = gates[0] if others and gates else status
    who = f"group {whose.st_gid}" if gates or not others else "everybody on this machine"
    able = {stat.S_IRGRP: "read", stat.S_IWGRP: "write"}
    can = "read" if others else able.get(group, "read and write")
    return Problem(
        "secret-readable",
        f"{who} can {can} the secret in {quoted(path)} (mode {mode:04o})",
        "chmod 600, or mount it with that mode (Kubernetes: defaultMode: 0400)",
        Severity.WARNING,
    )


def above(path: str) -> list[os.stat_result]:
    """Return whose the folders are above what *path* leads to; those that are there."""
    found = []
    for folder in Path(path).resolve().parents:
        with suppress(OSError):
            found.append(folder.stat())
    return found
