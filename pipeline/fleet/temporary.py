"""Files without a name, in the folder for such files: what a fleet has on disk while it runs."""

from tempfile import TemporaryFile, gettempdir
from typing import BinaryIO

from pipeline.model import Exit, Failed


def unnamed_file(room: int = 0) -> BinaryIO:
    """Return a file with *room* octets of its own, to be written from its beginning.

    Raises:
        Failed: 78, there is no such folder, or no room in it.
    """
    try:
        file = TemporaryFile()  # noqa: SIM115 - whoever asks closes it
        file.write(bytes(room))
        file.seek(0)
    except OSError as error:
        raise no_room(error) from error
    return file


def no_room(error: Exception) -> Failed:
    """Return the failure of a fleet that cannot keep its files, because of *error*."""
    why = (getattr(error, "strerror", None) or str(error)).lower()
    try:
        message = f"cannot keep the run's files in {gettempdir()}: {why}"
    except FileNotFoundError:  # then *why* names those tried
        message = f"cannot keep the run's files: {why}"
    hint = "make room, or let TMPDIR name a folder with some; run again: what was ordered goes on"
    return Failed(Exit.CONFIG, "temporary-dir", message, hint)
