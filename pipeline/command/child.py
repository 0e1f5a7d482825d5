"""Run the user's command between ready and clean, and pass signals on to it."""

import contextlib
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.case import Interrupted
from pipeline.model import SIGNALLED, Exit, Failed
from pipeline.text import quoted

from .signals import be_patient, listen, postponed

PATIENCE = 3.0
"""Seconds a command has to end after a signal; the records must be gone within five."""


def startable(command: Sequence[str]) -> None:
    """See that *command* can be started, before anything is done for its sake.

    Raises:
        Failed: 64, if it cannot.
    """
    if shutil.which(command[0]) is None:
        why = "is not executable" if Path(command[0]).is_file() else "does not exist"
        raise Failed(Exit.USAGE, "command", f"the command {quoted(command[0])} {why}")


def run_child(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run *command* and return its exit status, 128 + N if signal N ended it or us.

    Raises:
        OSError: If it cannot be started.
    """
    process = None
    try:
        with postponed():
            process = subprocess.Popen(command, env=environment)  # noqa: S603 - the user's own
        status = process.wait()
    except Interrupted as interrupt:
        listen()  # for a second one, which the command feels
        if process:
            stop(process, interrupt.signum)
        be_patient()
        return SIGNALLED + interrupt.signum
    return status if status >= 0 else SIGNALLED - status


def stop(process: subprocess.Popen[bytes], signum: int, patience: float = PATIENCE) -> None:
    """End *process*: by *signum*, then by SIGKILL; at once if another signal comes."""
    try:
        if signum != signal.SIGINT:  # a terminal has sent its Ctrl-C to the command already
            process.send_signal(signum)
        for last_word in (signum, signal.SIGKILL):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience / 2)
                return
            process.send_signal(last_word)
    except Interrupted:
        process.kill()
    process.wait()
