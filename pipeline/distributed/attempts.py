"""What of a task is to be tried again, when, and what its result is in the end. Pure.

A report is here what ``--json`` prints, as the objects that JSON knows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.model import Exit, worst
from pipeline.receipts.receipt import RESUMABLE_FOR, normal
from pipeline.report import finished

Document = dict[str, Any]
"""A report, schema 1."""

PASSING = frozenset({Exit.NOT_READY, Exit.UNAVAILABLE})
"""How certificates end that are worth another try."""

TRIES = 5
"""How often a task is tried again."""

FIRST_PAUSE = 30
"""Seconds before that; each pause is twice the last."""


def pause(first: float, number: int, worked: float) -> float | None:
    """Return the seconds before try *number* + 1 of a task, whose first try is 0 and has no pause.

    None: it is not tried again, for that try would order anew: after the *worked* seconds of the
    tries before it and their pauses, of which *first* was the shortest, an order's hour is over.
    """
    begins = worked + first * (2 ** (number + 1) - 1)
    return first * 2**number if begins < RESUMABLE_FOR.total_seconds() else None


def unfinished(names: Sequence[str], report: Document) -> list[str]:
    """Return which of *names* are to be tried again after *report*; none: it is final.

    What is ready comes along, to be confirmed again: a result tells of one moment.
    """
    exits = {normal(order["name"]): order["exit"] for order in report["orders"]}
    ended = {name: exits.get(normal(name), report["exit"]) for name in names}
    if not PASSING & {*ended.values()}:
        return []
    return [name for name, code in ended.items() if code in PASSING or code == Exit.DONE]


def failures(names: Sequence[str], report: Document) -> Document:
    """Return what *report* says of others than *names*, which are tried again, and what it cost."""
    again = {*map(normal, names)}
    orders = [order for order in report["orders"] if normal(order["name"]) not in again]
    code = worst(Exit(order["exit"]) for order in orders)
    causes = {order["problem"] for order in orders}
    problems = [each for each in report["problems"] if each["code"] in causes]
    kept = {"orders": orders, "records": [], "problems": problems}
    return report | kept | {"exit": int(code), "checks": report["checks"] if orders else []}


def together(earlier: Mapping[str, Any] | None, report: Document) -> Document:
    """Return *report* with what *earlier* tries told of certificates that were not tried again."""
    if earlier is None:
        return report
    code = worst([Exit(earlier["exit"]), Exit(report["exit"])])
    lists = ("orders", "records", "checks", "problems")
    sums = ("elapsed_s", "dns_queries", "api_calls")
    return (
        report
        | {key: [*earlier[key], *report[key]] for key in lists}
        | {key: earlier[key] + report[key] for key in sums}
        | {"exit": int(code), "status": finished(code, report["status"])}
    )
