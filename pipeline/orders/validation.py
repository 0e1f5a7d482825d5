"""Have the CA validate what is ready, as far as the source can, and the time allows."""

from collections.abc import Sequence
from functools import partial

from pipeline.case import Case, Tools
from pipeline.model import Exit, Failed, Order
from pipeline.text import counted
from providers.threads import within

from . import OrderSource, ValidatingSource

BEYOND = 2.0
"""Seconds that the last word may come after the deadline."""


def validate(cases: Sequence[Case], source: OrderSource, tools: Tools, until: float) -> None:
    """Give each of *cases* its order as the CA has then validated it, or its failure.

    Blocks, to *until* in seconds from process start, and a moment longer.
    """
    progress = tools.progress
    orders = [case.order for case in cases if case.order and case.order.status == "pending"]
    if not orders or not isinstance(source, ValidatingSource):
        return
    progress.say(f"asking the CA to validate {counted(len(orders), 'order')}")
    try:
        left = max(until - tools.clock.now(), 0.0) + BEYOND
        outcomes = within(left, partial(source.respond, orders, until))
    except TimeoutError:
        outcomes = {order.uri: silent(order) for order in orders}
    for case in cases:
        outcome = outcomes.get(case.order.uri) if case.order else None
        if isinstance(outcome, Failed):
            case.failure = outcome
        elif outcome:
            case.order = outcome
            progress.say(f"order {outcome.name}: {outcome.status}, all of it is validated")


def silent(order: Order) -> Failed:
    """Return the failure of *order* where the CA gave no answer by the deadline."""
    return Failed(
        Exit.NOT_READY,
        "validation-pending",
        f"order {order.name}: the CA gave no answer about its validation by the deadline",
        "run again: the same order goes on; or give it a longer --timeout",
    )
