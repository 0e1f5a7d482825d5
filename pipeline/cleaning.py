"""Remove what receipts say was written, and nothing else."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING

from .clock import Clock
from .hosts import Hosts
from .model import Exit, Problem, Record, Severity, worst
from .receipts.outline import Outline
from .receipts.receipt import Claim, Key, Receipt, State, normal
from .receipts.remains import UNENDED, dropped, left_behind
from .receipts.removal import withdraw
from .receipts.settling import settle
from .receipts.store import Store, Survey
from .report import Report, finished, record_lines
from .text import printable, quoted

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 120.0
"""Most seconds that removing what a hundred receipts list may take."""


def clean(  # noqa: PLR0913 (what, listed where, and until when)
    names: Sequence[str],
    store: Store,
    hosts: Hosts,
    clock: Clock,
    *,
    before: datetime | None = None,
    deadline: float = inf,
) -> Report:
    """Remove the records of certificate *names*, or of every receipt if there are none.

    With *before*, only of runs that began before it; nothing after *deadline*
    on *clock*. Receipts of live runs are left alone. Idempotent; works from
    any process. What a run that died while it was writing has sent may not be
    there yet: that is waited for.
    """
    chosen = {covered(name) for name in names}
    known: dict[frozenset[str], str] = {}

    def is_wanted(outline: Outline) -> bool:
        known.update((covered(claim.name), claim.name) for claim in outline.claims)
        is_old = before is None or outline.created < before
        return is_old and (not chosen or bool(keys(outline, chosen)))

    exits: list[Exit] = []
    problems: list[Problem] = []
    unwanted: list[str] = []
    removed: list[Record] = []
    paths: list[str] = []
    for survey in surveys(store, is_wanted):
        exits += [Exit.NOT_READY for _ in survey.live] + [Exit.DATA for _ in survey.damaged]
        problems += [busy(live) for live in survey.live] + list(survey.damaged)
        with ExitStack() as stack:
            goals = {stack.enter_context(each): rest(each.receipt, chosen) for each in survey.held}
            were = {each: each.receipt for each in goals}
            today = clock.today()
            late = settle(goals, hosts, clock, deadline)
            until = min(clock.now() + PATIENCE, deadline)
            found = withdraw(goals, store, hosts, until, late)
            unwanted += [
                claim.name
                for held, receipt in were.items()
                for claim in unkept(receipt, held.receipt, today)
            ]
        paths += [str(held.path) for held in found]
        for held, removal in found.items():
            removed += removal.removed
            exits += [failed.exit for failed in removal.failures]
            problems += [failed.problem for failed in removal.failures]
            if removal.stuck:
                problems.append(left_behind(removal.stuck, str(held.path), held.path.parent))
            if removal.late:
                exits.append(Exit.NOT_READY)
                problems.append(left_behind(removal.late, UNENDED, held.path.parent))
    if not store.folder.is_dir():
        problems.append(nowhere(store.folder))
    problems += dropped(unwanted)
    problems += [unknown(name, known.values()) for name in names if covered(name) not in known]
    code = worst(exits)
    return Report(
        finished(code, "cleaned"),
        code,
        records=record_lines(removed),
        problems=tuple(dict.fromkeys(problems)),
        elapsed_s=clock.now(),
        dns_queries=hosts.dns_queries,
        api_calls=hosts.api_calls,
        receipt=paths[0] if len(paths) == 1 else None,
    )


def surveys(store: Store, wanted: Callable[[Outline], bool]) -> Iterator[Survey]:
    """Yield the receipts that are *wanted*, so many at a time as may be held."""
    seen: set[Path] = set()
    while True:
        survey = store.take(wanted, seen)
        yield survey
        seen |= {held.path for held in survey.held}
        if survey.is_whole:
            return


def covered(name: str) -> frozenset[str]:
    """Return what makes two certificate names the same here: the names they cover."""
    return frozenset(normal(name).split(","))


def rest(receipt: Receipt, chosen: set[frozenset[str]]) -> Receipt:
    """Return what is left of *receipt* without the *chosen* names; all of them if none."""
    if not chosen:
        return replace(receipt, state=State.CLEANED, records=())
    return receipt.without(keys(receipt, chosen))


def unkept(before: Receipt, after: Receipt, today: datetime) -> list[Claim]:
    """Return the claims whose order the next run could have used *before*, and cannot *after*."""
    kept = {claim.key for claim in after.orders() if claim.is_good(today)}
    return [
        claim
        for claim in before.orders()
        if claim.order and claim.order.uri and claim.source != "document"
        if claim.is_good(today) and claim.key not in kept
    ]


def keys(receipt: Receipt | Outline, chosen: set[frozenset[str]]) -> list[Key]:
    """Return the keys of the claims of *receipt* that are *chosen* by name."""
    return [claim.key for claim in receipt.claims if covered(claim.name) in chosen]


def unknown(name: str, known: Iterable[str]) -> Problem:
    """Return the problem of a *name* that no receipt has, beside the names that some have."""
    others = printable("; ".join(list(known)[:5]), 500)
    hint = f"receipts are for: {others}; or dns01 clean --all" if others else ""
    message = f"no receipt is for {quoted(name)}: nothing to clean there"
    return Problem("no-receipt", message, hint, Severity.NOTICE)


def nowhere(folder: "Path") -> Problem:
    """Return the problem that there is no *folder* of receipts: perhaps it is another's."""
    return Problem(
        "no-state-dir",
        f"there are no receipts in {printable(str(folder))}: that folder does not exist",
        "if a run has left something, name its folder with --state-dir, or run as its user",
        Severity.WARNING,
    )


def busy(live: Outline) -> Problem:
    """Return the problem of a receipt whose run is still at work."""
    names = printable(", ".join(claim.name for claim in live.claims))
    return Problem(
        "busy",
        f"another dns01 process is at work on {names}; its records were left alone",
        "run clean again when it has ended",
    )
