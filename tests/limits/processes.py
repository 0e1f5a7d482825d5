"""A process that spends a budget: ``python processes.py FOLDER CALLS``.

It prints when it was about to make each call, and when it had made it.
"""

import sys
import time
from pathlib import Path

from providers.limits import Budget, Rate

ACCOUNT = "the account"
RATE = Rate(5, 0.5)


def waiting(seconds: float, _reason: str) -> None:
    time.sleep(seconds)


def budget(folder: Path) -> Budget:
    made = Budget(RATE, time.sleep, time.monotonic)
    made.share(waiting, folder, lambda: ACCOUNT)
    return made


if __name__ == "__main__":
    spent = budget(Path(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        before = time.monotonic()
        spent.enter()
        sys.stdout.write(f"{before} {time.monotonic()}\n")
