"""Find the folders and the file that are the user's own, unless others are named."""

import os
import tempfile
from pathlib import Path

from .environment import Environment
from .values import wrong


def state_dir(named: Path | None, environment: Environment) -> Path:
    """Return the folder for receipts: the one *named*, or the one that is there for it."""
    if named is not None:
        return named
    if of_unit := environment.get("STATE_DIRECTORY"):
        return Path(of_unit.split(":")[0])
    ours = home("XDG_STATE_HOME", ".local/state", environment)
    if ours is None:
        raise wrong("this user has no home folder", "set HOME, or name --state-dir")
    return ours


def shared_dir() -> Path:
    """Return the folder in which all runs of this user count their requests together."""
    return Path(tempfile.gettempdir()) / f"dns01-{os.getuid()}"


def home(variable: str, below_home: str, environment: Environment) -> Path | None:
    """Return our folder in the XDG base directory *variable*; None: the user has no home."""
    base = environment.get(variable)
    if base and Path(base).is_absolute():
        return Path(base) / "dns01"
    try:
        return Path(environment.get("HOME") or Path.home()) / below_home / "dns01"
    except RuntimeError:
        return None
