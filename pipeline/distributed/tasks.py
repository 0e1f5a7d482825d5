"""What a worker does: get certificates ready, and clean up after them.

A task may be delivered again, or twice at once: then the receipts know what was ordered and
written, and one of two that work at once ends with 75. So it may be acknowledged late.
What goes wrong with a certificate is in the report that is its result. Only what the caller
did wrong raises.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from celery.result import AsyncResult

from pipeline.configuration import config
from pipeline.configuration.environment import Environment
from pipeline.fleet.inventory import Certificate
from pipeline.library import calls
from pipeline.library.choices import options
from pipeline.report import Report, to_json

from .attempts import FIRST_PAUSE, TRIES, Document, failures, together, unfinished
from .waves import waves

TIMEOUT = 1800.0
"""Seconds that a wave has, unless the caller says how long."""

TIME_LIMIT = 3600
"""Seconds after which Celery kills the process of a task; it has ended long before."""

LONGEST = TIME_LIMIT - 60
"""Seconds that a caller may give a task."""

SETTINGS: dict[str, Any] = {
    "accept_content": ["json"],
    "broker_connection_retry_on_startup": True,
    # A broker such as Redis delivers again what is not acknowledged in this time.
    "broker_transport_options": {"visibility_timeout": 2 * TIME_LIMIT},
    "worker_deduplicate_successful_tasks": True,
    "worker_prefetch_multiplier": 1,
}
"""What an application that runs these tasks is to be configured with."""

SAYABLE = ("source", "provider", "ttl", "renew_within_days", "respond", "resolvers", "require",
           "issuers", "timeout", "force")  # fmt: skip
"""The choices that a task may be given: no secret, nothing that is the worker's to decide."""

OPTIONS: dict[str, Any] = {
    "bind": True,
    "acks_late": True,
    "reject_on_worker_lost": True,
    "default_retry_delay": FIRST_PAUSE,
    "max_retries": TRIES,
    "resultrepr_maxsize": 200,  # of the report, in the worker's log
    "serializer": "json",
    "time_limit": TIME_LIMIT,
    "track_started": True,
}


def get_ready(
    task: Task,
    names: Sequence[str],
    earlier: Document | None = None,
    **choices: Any,  # noqa: ANN401 - as `pipeline.Choices` has them
) -> Document:
    """Get the certificates *names* ready, as `pipeline.ready` does; return the report.

    *earlier* is what tries before this one told of certificates that are beyond another.
    """
    report = document(calls.ready(*names, fleet=True, **spoken(choices)))
    again = unfinished(names, report)
    if not again or is_last(task):
        return together(earlier, report)
    beyond = failures(again, report)
    told = together(earlier, beyond) if beyond else earlier
    raise task.retry(
        args=(again,),
        kwargs={**choices, "earlier": told},
        countdown=pause(task),
    )


def clean_up(task: Task, names: Sequence[str]) -> Document:
    """Remove what the receipts of the certificates *names* list; return the report."""
    report = document(calls.clean(*names))
    if not unfinished(names, report) or is_last(task):
        return report
    raise task.retry(countdown=pause(task))


def is_last(task: Task) -> bool:
    """Whether *task* is not to be tried again, whatever comes of it."""
    return bool(task.request.retries >= task.max_retries)


def pause(task: Task) -> float:
    """Return the seconds before *task* is tried again; an application may annotate it."""
    return float(task.default_retry_delay * 2**task.request.retries)


ready: Task = shared_task(name="dns01.ready", **OPTIONS)(get_ready)
clean: Task = shared_task(name="dns01.clean", **OPTIONS)(clean_up)


def submit(
    inventory: Iterable[Certificate | str],
    **choices: Any,  # noqa: ANN401 - as `pipeline.Choices` has them
) -> list[AsyncResult]:
    """Have an *inventory* got ready, in waves by account and zone; return the results to come.

    An entry may be no more than a name.

    Raises:
        TypeError: A choice does not exist, is no task's to have, or has a wrong type.
        ValueError: A choice has a value that it cannot have.
        Failed: 78, if the configuration is wrong.
    """
    settings = config.settings(
        options((), spoken(choices), has_order=False), Environment.of_process()
    )
    return [
        ready.apply_async((list(wave.names),), {**choices, **wave.choices}, queue=wave.queue)
        for wave in waves(map(entry, inventory), settings)
    ]


def submit_cleaning(inventory: Iterable[Certificate | str]) -> list[AsyncResult]:
    """Have cleaned up after an *inventory*, by whoever got it ready; return the results to come.

    Raises:
        Failed: 78, if the configuration is wrong.
    """
    settings = config.settings(options((), {}, has_order=False), Environment.of_process())
    return [
        clean.apply_async((list(wave.names),), queue=wave.queue)
        for wave in waves(map(entry, inventory), settings)
    ]


def entry(given: Certificate | str) -> Certificate:
    """Return *given*, or the certificate that it names."""
    return Certificate(given, "") if isinstance(given, str) else given


def spoken(choices: Mapping[str, Any]) -> dict[str, Any]:
    """Return *choices* as a call takes them, from how a message has them.

    Raises:
        TypeError: One is not a task's to have.
        ValueError: The task would be killed before its time is over.
    """
    if strange := sorted(choices.keys() - {*SAYABLE}):
        raise TypeError(f"a task takes no {strange[0]}; it takes {', '.join(SAYABLE)}")
    found = {"timeout": TIMEOUT, **choices}
    if found["timeout"] > LONGEST:
        raise ValueError(f"timeout: a task has {LONGEST} s at most")
    if (days := found.pop("renew_within_days", None)) is not None:
        found["renew_within"] = timedelta(days=days)
    return found


def document(report: Report) -> Document:
    """Return *report* as ``--json`` prints it."""
    found: Document = json.loads(to_json(report))
    return found
