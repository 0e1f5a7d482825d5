"""Many processes that write at the same moment, each with an adapter of its own."""

import multiprocessing
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

# Loaded once by the server that the writers are forked from.
import boto3  # noqa: F401
import cloudflare  # noqa: F401
import httpx  # noqa: F401
from dns.name import Name

from providers import cloudflare as cf
from providers import rfc2136, route53
from providers.contract import TXT, Adapter, Paced, Zone

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Barrier

ADAPTERS: Mapping[str, Adapter] = {
    "route53": route53.ADAPTER,
    "cloudflare": cf.ADAPTER,
    "rfc2136": rfc2136.ADAPTER,
}
PATIENCE = 240.0
"""Seconds for everybody together."""

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Outcome:
    """What became of one writer.

    Attributes:
        error: Why it failed, or empty.
        calls: Requests that it took.
        seconds: How long it took.
    """

    value: str
    error: str
    calls: int
    seconds: float


@dataclass(frozen=True)
class Job:
    """What all the writers do, each with its own value.

    Attributes:
        shared: A folder in which they count and take turns; None for machines of their own.
    """

    provider: str
    settings: Mapping[str, str]
    verb: str
    zone: Zone
    name: Name
    shared: Path | None = None


def work(job: Job, value: str, start: "Barrier", results: "Queue[Outcome]") -> None:
    """Do *job* with *value*, at the same moment as everybody else."""
    adapter = ADAPTERS[job.provider].open(job.settings)
    if isinstance(adapter, Paced):
        adapter.pace(lambda seconds, _reason: time.sleep(seconds), job.shared)
    start.wait(PATIENCE)
    began, error = time.monotonic(), ""
    try:
        if job.verb == "append":
            adapter.append(job.zone, [TXT(job.name, value)], "dns01 test")
        else:
            adapter.delete(job.zone, [TXT(job.name, value)])
    except Exception as failed:  # noqa: BLE001 - said by whoever started it
        error = f"{type(failed).__name__}: {failed}"
    results.put(Outcome(value, error, adapter.api_calls, time.monotonic() - began))


def at_once(job: Job, values: Sequence[str]) -> list[Outcome]:
    """Run a process for each of *values*; return what became of them."""
    start = CONTEXT.Barrier(len(values))
    results: Queue[Outcome] = CONTEXT.Queue()
    processes: list[ForkServerProcess] = [
        CONTEXT.Process(target=work, args=(job, value, start, results)) for value in values
    ]
    for process in processes:
        process.start()
    try:
        return [results.get(timeout=PATIENCE) for _ in values]
    finally:
        for process in processes:
            process.join(10)
            process.kill()
            process.join()
            process.close()
        results.close()
