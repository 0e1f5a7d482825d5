"""A process that spends a budget: ``python processes.py FOLDER CALLS``; prints when each went."""

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
        spent.enter()
        sys.stdout.write(f"{time.monotonic()}\n")
