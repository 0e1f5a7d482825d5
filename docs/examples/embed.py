"""A program that gets certificates for several names at once: python embed.py NAME...

Each name has a thread in which `published` publishes its challenges and waits; once a CA would
see them, `finalize` runs; then they are removed. Ctrl-C and SIGTERM do the same for all names.
"""

import asyncio
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from pipeline import NotReady, RecordsLeft, Report, Step, published

TIMEOUT = 600.0
AGAIN = {69, 75}
"""Exits after which a later attempt may succeed: a service fails, not ready in time."""


def finalize(order_uri: str) -> None:
    """Finalize the order; here is where your ACME client, or your vendor's API, comes in."""
    print(f"finalizing {order_uri}")


def obtain(name: str, stop: Event) -> int:
    """Have the order of *name* finalized while its values are in DNS; return an exit status."""

    def progress(step: Step) -> None:
        print(f"{name}: {step.elapsed_s:.1f} s: {step.text}")

    try:
        with published(name, timeout=TIMEOUT, progress=progress, cancel=stop) as report:
            finalize(report.orders[0].uri)
    except NotReady as not_ready:
        return explain(name, not_ready.report)
    except RecordsLeft as left:  # the certificate is there; clean() removes what is left
        print(f"{name}: {left}")
    return 0


def explain(name: str, report: Report) -> int:
    """Say why *name* is not ready; return the exit status."""
    for problem in report.problems:
        print(f"{name}: {problem.severity.value}: {problem.message}", problem.hint, sep="\n  ")
    if report.exit in AGAIN:
        print(f"{name}: try again later; within the hour no new order is needed")
    return int(report.exit)


async def main(names: list[str]) -> int:
    """Do all *names* at once; return the highest exit status."""
    stop, loop = Event(), asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(len(names)))  # asyncio's own has few threads
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    return max(await asyncio.gather(*(asyncio.to_thread(obtain, name, stop) for name in names)))


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("embed.py NAME...: which certificates?")
    sys.exit(asyncio.run(main(sys.argv[1:])))
