"""Files that are written whole or not at all, and locked while in use."""

import errno
import fcntl
import os
import secrets
import select
import stat
from collections.abc import Collection
from pathlib import Path

from .model import Exit, Failed

LARGEST = 16 * 2**20
"""Octets of the largest file that is read: a thousand times what we write."""

PLAIN = os.O_NOFOLLOW | os.O_NONBLOCK
"""No link is followed, and no pipe is waited for."""

PATIENCE = 5.0
"""Seconds that a pipe may take nothing."""

WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Busy(Exception):
    """Another live process holds the file."""


class Unfit(Exception):
    """What is at the path is not a file that we wrote, and says why."""


def lock(path: Path) -> int:
    """Return a locked descriptor of the file that is at *path* now."""
    while True:
        descriptor = os.open(path, os.O_RDWR | PLAIN)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except BlockingIOError as error:
            os.close(descriptor)
            raise Busy(path) from error
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)  # replaced between open and lock: look again


def read(descriptor: int, folder: Path) -> bytes:
    """Return the whole content of *descriptor*, a file in *folder*.

    Raises:
        Unfit: If it can be nothing of ours: what others could write they may have written, and
            it would be done with our credentials.
    """
    trusted = {os.geteuid(), 0, folder.stat().st_uid}
    status = os.fstat(descriptor)
    if why := unfit(status, trusted):
        raise Unfit(why)
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(status.st_size)


def unfit(status: os.stat_result, trusted: Collection[int]) -> str:
    """Return why a file of *status* may be written by nobody *trusted*; or empty."""
    if not stat.S_ISREG(status.st_mode):
        return "it is not a file"
    if status.st_size > LARGEST:
        return f"it is larger than {LARGEST // 2**20} MiB"
    if status.st_mode & WRITABLE_BY_OTHERS:
        return f"others may write to it (mode {stat.S_IMODE(status.st_mode):04o})"
    if status.st_uid not in trusted:
        return f"it belongs to another user ({status.st_uid})"
    return ""


def look(path: Path) -> bytes:
    """Return the whole content of the file at *path*. Raises `Unfit` as `read` does."""
    descriptor = os.open(path, os.O_RDONLY | PLAIN)
    try:
        return read(descriptor, path.parent)
    finally:
        os.close(descriptor)


def write(path: Path, body: bytes) -> int:
    """Replace *path* by *body*, durably; return a descriptor that holds its lock.

    Raises:
        Failed: 78, with the old file untouched and nothing left beside it.
    """
    try:
        return replaced(path, body)
    except OSError as error:
        raise unwritable(path.parent, error) from error


def replaced(path: Path, body: bytes, mode: int = 0o600, least: int = 0) -> int:
    """Do as `write` does; *mode* is the new file's, less the umask, and at the *least* that.

    Raises:
        OSError: With the old file untouched and nothing left beside it.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with open(descriptor, "wb", closefd=False) as file:
            file.write(body)
        if least:
            os.fchmod(descriptor, stat.S_IMODE(os.fstat(descriptor).st_mode) | least)
        os.fsync(descriptor)
        temporary.replace(path)
        sync_folder(path.parent)
    except BaseException:
        os.close(descriptor)
        temporary.unlink(missing_ok=True)
        raise
    return descriptor


def sync_folder(folder: Path) -> None:
    """Make a rename in *folder* survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(folder: Path, error: OSError) -> Failed:
    """Return the failure to keep receipts in *folder*."""
    return Failed(
        Exit.CONFIG,
        "state-dir",
        f"cannot keep receipts in {folder}: {(error.strerror or str(error)).lower()}",
        "make room or give access, or name another folder for new runs with --state-dir; "
        "without a receipt nothing is written to DNS, and what one lists stays listed",
    )


def put(path: Path, body: bytes) -> None:
    """Replace *path* by *body*, durably, unlocked. Raises `Failed` 78 with nothing half-written."""
    os.close(write(path, body))


def publish(path: Path, body: bytes, least: int = 0) -> None:
    """Replace *path* by *body*, readable as the umask lets it; follow links, write to devices.

    Its mode is at the *least* that, for who must read it whatever our umask.

    Raises:
        OSError: With an old file untouched.
    """
    if path.exists() and not path.is_file():  # a pipe or terminal cannot be replaced
        pour(path, body)
    else:
        os.close(replaced(path.resolve(), body, 0o666, least))


def pour(path: Path, body: bytes) -> None:
    """Write *body* to the pipe or device at *path*, and wait for no reader who does not read.

    Raises:
        OSError: Nobody reads, or no more, or not all fits.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(error.errno, "nobody reads it", path) from error
        raise
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        while body:
            if not poll.poll(PATIENCE * 1000):
                raise TimeoutError(errno.ETIMEDOUT, "its reader takes no more", path)
            body = body[write_some(descriptor, body, path) :]
    finally:
        os.close(descriptor)


def write_some(descriptor: int, body: bytes, path: Path) -> int:
    """Return how much of *body* the device at *path* took; its errors name it."""
    try:
        return os.write(descriptor, body[:65_536])
    except BlockingIOError:
        return 0
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
