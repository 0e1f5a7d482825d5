"""Run one command, and leave in a file what it took: ``launch.py RESULT COMMAND...``.

A program of its own, and a small one: Linux counts towards a process's peak memory that of the
process it was forked from.
"""

import json
import os
import sys
import time
from pathlib import Path


def main(result: str, *command: str) -> None:
    """Run *command* to its end; write start and end (`time.monotonic`), CPU and peak to *result*.

    CPU and peak are those of the command and of every child that it waited for.
    """
    start = time.monotonic()
    child = os.fork()
    if not child:
        os.execvp(command[0], command)
    _, status, usage = os.wait4(child, 0)
    took = {
        "start": start,
        "end": time.monotonic(),
        "exit": os.waitstatus_to_exitcode(status),
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mib": usage.ru_maxrss / 1024,
    }
    Path(result).write_text(json.dumps(took))


if __name__ == "__main__":
    main(*sys.argv[1:])
