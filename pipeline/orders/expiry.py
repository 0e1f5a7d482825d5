"""End a run in time: after an order has expired, nothing that is shown for it counts."""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.case import Case
from pipeline.clock import Clock
from pipeline.configuration.settings import Settings
from pipeline.model import Problem, Severity


def bounded(
    settings: Settings, cases: Sequence[Case], clock: Clock
) -> tuple[Settings, tuple[Problem, ...]]:
    """Return *settings* with a deadline that the orders of *cases* live to see; what to say of it.

    An order's end is that of its authorizations, where those end sooner (RFC 8555 §7.1.4).
    """
    ends = [
        (case.order.expires, case.order.name)
        for case in cases
        if case.order and case.order.expires and case.order.status == "pending"
    ]
    if not ends:
        return settings, ()
    end, name = min(ends)
    until = clock.now() + (end - clock.today()).total_seconds()
    if until >= settings.timeout:
        return settings, ()
    told = Problem(
        "order-expires",
        f"order {name} expires at {end.isoformat(timespec='seconds')}: this run ends by then",
        "if that is too soon, make a new order",
        Severity.WARNING,
    )
    return replace(settings, timeout=until), (told,)
