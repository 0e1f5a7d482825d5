"""Remove what receipts say was written, and nothing else."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from .clock import Clock
from .hosts import Hosts
from .model import Exit, Failed, Problem, Record, Severity, worst
from .receipts.ledger import withdraw
from .receipts.receipt import Key, Receipt, State, normal
from .receipts.remains import left_behind
from .receipts.store import Held, Store
from .report import Report, finished, record_lines
from .text import printable, quoted

PATIENCE = 120.0
"""Most seconds that removing what one receipt lists may take."""


def clean(
    names: Sequence[str],
    store: Store,
    hosts: Hosts,
    clock: Clock,
    *,
    before: datetime | None = None,
) -> Report:
    """Remove the records of certificate *names*, or of every receipt if there are none.

    With *before*, only of runs that began before it. Receipts of live runs are
    left alone. Idempotent; works from any process.
    """
    chosen = {covered(name) for name in names}
    known: dict[frozenset[str], str] = {}

    def is_wanted(receipt: Receipt) -> bool:
        known.update((covered(claim.name), claim.name) for claim in receipt.claims)
        is_old = before is None or receipt.created < before
        return is_old and (not chosen or bool(keys(receipt, chosen)))

    survey = store.take(is_wanted)
    exits = [Exit.NOT_READY for _ in survey.live] + [Exit.DATA for _ in survey.damaged]
    problems = [busy(receipt) for receipt in survey.live] + list(survey.damaged)
    problems += [unknown(name, known.values()) for name in names if covered(name) not in known]
    removed: list[Record] = []
    for held in survey.held:
        with held:
            after = rest(held.receipt, chosen)
            gone, failures = remove(held, after, store, hosts, clock)
            removed += gone
            exits += [failed.exit for failed in failures]
            problems += [failed.problem for failed in failures]
            stuck = [record for record in held.receipt.records if record not in after.records]
            if stuck:
                problems.append(left_behind(stuck, str(held.path), held.path.parent))
    code = worst(exits)
    return Report(
        finished(code, "cleaned"),
        code,
        records=record_lines(removed),
        problems=tuple(dict.fromkeys(problems)),
        elapsed_s=clock.now(),
        api_calls=hosts.api_calls,
        receipt=str(survey.held[0].path) if len(survey.held) == 1 else None,
    )


def remove(
    held: Held, after: Receipt, store: Store, hosts: Hosts, clock: Clock
) -> tuple[list[Record], list[Failed]]:
    """Bring *held* to *after*; return what is removed and what went wrong."""
    try:
        return withdraw(held, after, store, hosts, clock.now() + PATIENCE)
    except Failed as failed:
        return [], [failed]


def covered(name: str) -> frozenset[str]:
    """Return what makes two certificate names the same here: the names they cover."""
    return frozenset(normal(name).split(","))


def rest(receipt: Receipt, chosen: set[frozenset[str]]) -> Receipt:
    """Return what is left of *receipt* without the *chosen* names; all of them if none."""
    if not chosen:
        return replace(receipt, state=State.CLEANED, records=())
    return receipt.without(keys(receipt, chosen))


def keys(receipt: Receipt, chosen: set[frozenset[str]]) -> list[Key]:
    """Return the keys of the claims of *receipt* that are *chosen* by name."""
    return [claim.key for claim in receipt.claims if covered(claim.name) in chosen]


def unknown(name: str, known: Iterable[str]) -> Problem:
    """Return the problem of a *name* that no receipt has, beside the names that some have."""
    others = printable("; ".join(list(known)[:5]), 500)
    hint = f"receipts are for: {others}; or dns01 clean --all" if others else ""
    message = f"no receipt is for {quoted(name)}: nothing to clean there"
    return Problem("no-receipt", message, hint, Severity.NOTICE)


def busy(receipt: Receipt) -> Problem:
    """Return the problem of a receipt whose run is still at work."""
    names = printable(", ".join(claim.name for claim in receipt.claims))
    return Problem(
        "busy",
        f"another dns01 run is at work on {names}; its records were left alone",
        "it removes or keeps them by itself; run clean again when it has ended",
    )
