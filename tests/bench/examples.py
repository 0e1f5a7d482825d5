"""Runs as they might have been."""

from bench.clients import ISSUES, STAGE
from bench.results import Results
from bench.runs import Run
from bench.table import Row, Target


def example(client: str = STAGE, ready: float | None = 0.5, **changes: object) -> Run:
    """Return a run of *client*, unless *changes* say otherwise of one name and without delay."""
    fields: dict[str, object] = {
        "client": client,
        "case": "1",
        "delay": 0.0,
        "ok": ready is not None,
        "ready": ready,
        "wall": (ready or 0.0) + 0.25,
        "cpu": 0.4,
        "peak": 40.0,
        "updates": 1,
        "calls": 0,
        "authoritative": {"TXT": 10, "SOA": 6},
        "recursive": {"TXT": 3},
    }
    return Run(**fields | changes)  # type: ignore[arg-type]  # each is of its type


def late(ready: float, wait: float, lag: float, case: str = "1", delay: float = 5.0) -> Run:
    """Return a run behind secondaries that are late."""
    return example(ready=ready, case=case, delay=delay, wait=wait, lag=lag)


def results(*runs: Run, full: bool = False, missed: bool = False) -> Results:
    """Return results with *runs*, or with some that have a bit of everything."""
    return Results(
        machine="7 cores (z80), Python 3.99",
        versions={"dns01": "1.2", "lego": "4.9.1-1"},
        took_s=540,
        full=full,
        runs=runs
        or [
            example(ready=0.15),
            example(ISSUES, 0.8),
            example("lego:0", 0.2),
            example("certbot:1", 1.6),
            example("certbot:1", 2.4),
            late(5.4, 5.0, 0.3),
            example("certbot:7", None, delay=5.0),
        ],
        parts={"startup": [Row("dns01 --version", {"ratio": 2.5})]},
        targets=[Target("start", 5.0 if missed else 2.5, 4)],
    )
