"""The one report of a fleet, put together from those of its waves. Pure.

A wave's report is read once, and what it has is kept as text for the report of the whole, in which
it counts from the beginning of the whole run.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.model import Exit
from pipeline.report import SCHEMA, OrderLine, Report, order_out

from .database import Database, End
from .waves import Wave

BUSY = "busy"
"""The code of a certificate that another run is at work on; it may end soon."""

INTERRUPTED = "interrupted"
"""The code of a certificate whose process was told to end."""

SIGNALLED = 128
"""Exits from here on say that somebody sent the process a signal."""

Document = Mapping[str, Any]


def parsed(text: str) -> Document | None:
    """Return the report in *text*, or None if a process has left none."""
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) and "orders" in document else None


def ends(document: Document, count: int, *, again: bool) -> list[End | None]:
    """Return what became of each of *count* certificates; None: it is to be tried *again*."""
    orders = document["orders"]
    if len(orders) != count:  # it ended before there were any, and all for one reason
        return [End(document["exit"] or Exit.BUG, "", *first_error(document))] * count
    of_run = first_error(document)  # if it was ended, whatever became of each
    found = []
    for each in orders:
        own = each["problem"] or "", each["reason"] or ""
        why = own if each["problem"] or not each["exit"] else of_run
        found.append(End(each["exit"], each["status"] or "", *why))
    return [None if again and (end.code == BUSY or end.exit >= SIGNALLED) else end for end in found]


def first_error(document: Document) -> tuple[str, str]:
    """Return code and message of the first error in *document*; empty if there is none."""
    errors = (each for each in document["problems"] if each["severity"] == "error")
    return next(((each["code"], each["message"]) for each in errors), ("", ""))


def keep(database: Database, wave: Wave, document: Document, begun: float, *, again: bool) -> int:
    """Keep in *database* what *document* says of *wave*, whose process began at *begun* seconds.

    Returns how many certificates are done with; others are to be tried *again*. That a process was
    told to end is for the fleet to tell, which knows of all.
    """
    found = ends(document, wave.count, again=again)
    names = database.end(wave, found)
    if orders := document["orders"]:
        receipt = {"receipt": document["receipt"]}
        told = [
            each | receipt | {"problem": end.code or None, "reason": end.reason or None}
            for each, end in zip(orders, found, strict=True)
            if end
        ]
        database.add(wave.number, "orders", lines(told))
    else:
        ended = [(*each, end) for each, end in zip(names, found, strict=True) if end]
        keep_lines(database, wave.number, ended)
    database.add(wave.number, "records", lines(later(document["records"], begun)))
    hushed = {INTERRUPTED} if all(found) else {INTERRUPTED, BUSY}
    for problem in document["problems"]:
        if problem["code"] not in hushed:
            database.tell(problem["code"], problem["severity"], lines([problem]))
    return sum(end is not None for end in found)


def keep_rest(database: Database, end: End, wave: Wave | None = None) -> int:
    """Keep in *database* that all left, or left in *wave*, had that *end*; return how many."""
    number = wave.number if wave else -1
    rest = database.end_rest(end, number)
    keep_lines(database, number, ((name, source, end) for name, source in rest))
    return len(rest)


def keep_lines(database: Database, wave: int, found: Iterable[tuple[str, str, End]]) -> None:
    """Keep the lines of certificates that no wave's report has: name, source and end of each."""
    of_each = (
        OrderLine(name, source, "", end.status, end.exit, problem=end.code, reason=end.reason)
        for name, source, end in found
    )
    database.add(wave, "orders", lines(order_out(line) | {"receipt": None} for line in of_each))


def told_lines(database: Database) -> Iterator[OrderLine]:
    """Yield what the report tells of each certificate, for who has no use for the rest."""
    for body in database.bodies("orders"):
        for each in json.loads(f"[{body}]"):
            yield OrderLine(
                each["name"],
                each["source"],
                each["order_uri"] or "",
                each["status"] or "",
                each["exit"],
                problem=each["problem"] or "",
                reason=each["reason"] or "",
            )


def later(thing: Any, seconds: float) -> Any:  # noqa: ANN401 - any part of a report
    """Return *thing* with the times in it, which count from process start, *seconds* later."""
    match thing:
        case float():  # no other number of a record has a point
            return round(thing + seconds, 3)
        case dict():
            return {key: later(value, seconds) for key, value in thing.items()}
        case list():
            return [later(each, seconds) for each in thing]
        case _:
            return thing


def lines(entries: Iterable[object]) -> str:
    """Return *entries* as JSON, one a line."""
    text = ",\n".join(json.dumps(each, ensure_ascii=True) for each in entries)
    return text.replace("#", r"\u0023")  # as in every report: no CI log finds a command in it


def document(database: Database, whole: Mapping[str, object]) -> Iterator[str]:
    """Yield the report in pieces that may have white space between them; *whole* tells of all."""
    yield f'{{"schema": {SCHEMA}'
    for section, bodies in sections(database):
        yield f', "{section}": ['
        yield from separated(bodies)
        yield "]"
    for key, value in whole.items():
        yield f', "{key}": {json.dumps(value)}'
    yield "}"


def of_all(report: Report) -> Mapping[str, object]:
    """Return what the report tells of the whole run."""
    return {
        "status": report.status,
        "exit": report.exit,
        "elapsed_s": round(report.elapsed_s, 3),
        "dns_queries": report.dns_queries,
        "api_calls": report.api_calls,
        "receipt": None,
    }


def sections(database: Database) -> Sequence[tuple[str, Iterator[str]]]:
    """Return the lists of the report, each in pieces."""
    of_waves = [(section, database.bodies(section)) for section in ("orders", "records", "checks")]
    return [*of_waves, ("problems", database.problems())]


def separated(bodies: Iterable[str]) -> Iterator[str]:
    """Yield *bodies* with commas in between."""
    for at, body in enumerate(bodies):
        yield f",\n{body}" if at else body
