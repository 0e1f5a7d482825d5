"""What a worker does: get certificates ready, and clean up after them.

A task may be delivered again, or twice at once: then the receipts know what was ordered and
written, and one of two that work at once ends with 75. So it may be acknowledged late.
What goes wrong with a certificate is in the report that is its result. Only what the caller
did wrong raises.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from celery.result import AsyncResult

from pipeline.configuration import config, registry
from pipeline.configuration.environment import Environment
from pipeline.fleet.forms import FIELDS
from pipeline.fleet.inventory import Certificate, checked
from pipeline.library import calls
from pipeline.library.choices import options
from pipeline.report import Report, to_json

from .attempts import FIRST_PAUSE, TRIES, Document, failures, pause, together, unfinished
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

CHOICES = ("source", "provider", "ttl", "renew_within_days", "respond", "resolvers", "require",
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
    report = document(calls.ready(*names, fleet=True, **from_message(choices)))
    again = unfinished(names, report)
    told = together(earlier, report)
    countdown = wait(task, told["elapsed_s"])
    if not again or countdown is None:
        return told
    beyond = together(earlier, failures(again, report))
    raise task.retry(args=(again,), kwargs={**choices, "earlier": beyond}, countdown=countdown)


def clean_up(task: Task, names: Sequence[str]) -> Document:
    """Remove what the receipts of the certificates *names* list; return the report."""
    report = document(calls.clean(*names))
    countdown = wait(task)
    if not unfinished(names, report) or countdown is None:
        return report
    raise task.retry(countdown=countdown)


def wait(task: Task, worked: float = 0.0) -> float | None:
    """Return the seconds before *task*, which has *worked* so long, is tried again; None: never.

    An application may annotate ``default_retry_delay`` and ``max_retries``.
    """
    number = task.request.retries
    return None if number >= task.max_retries else pause(task.default_retry_delay, number, worked)


ready: Task = shared_task(name="dns01.ready", **OPTIONS)(get_ready)
clean: Task = shared_task(name="dns01.clean", **OPTIONS)(clean_up)


def submit(
    inventory: Iterable[Certificate | str],
    **choices: Any,  # noqa: ANN401 - as `pipeline.Choices` has them
) -> list[AsyncResult]:
    """Have an *inventory* got ready, in waves by account and zone; return the results to come.

    An entry may be no more than a name. Nothing is sent unless all can be.

    Raises:
        TypeError: A choice does not exist, is no task's to have, or has a wrong type.
        ValueError: A choice has a value that it cannot have.
        Failed: 65, if the inventory has mistakes; 78, if the configuration is wrong, or nobody
            knows a provider.
    """
    settings = config.settings(
        options((), from_message(choices), has_order=False), Environment.of_process()
    )
    found = [*waves(entries(inventory), settings)]
    said = {str(wave.choices.get("provider", "")) for wave in found}
    for name in sorted(
        {*settings.providers, *",".join(said).split(",")} - {"", *settings.accounts}
    ):
        registry.load(name, accounts=settings.accounts)
    return [
        ready.apply_async((list(wave.names),), {**choices, **wave.choices}, queue=wave.queue)
        for wave in found
    ]


def submit_cleaning(inventory: Iterable[Certificate | str]) -> list[AsyncResult]:
    """Have cleaned up after an *inventory*, by whoever got it ready; return the results to come.

    Raises:
        Failed: 65, if the inventory has mistakes; 78, if the configuration is wrong.
    """
    settings = config.settings(options((), {}, has_order=False), Environment.of_process())
    return [
        clean.apply_async((list(wave.names),), queue=wave.queue)
        for wave in waves(entries(inventory), settings)
    ]


def entries(inventory: Iterable[Certificate | str]) -> Iterator[Certificate]:
    """Yield the certificates of *inventory*, once more by the rules of one that is read.

    Raises:
        Failed: 65, at the end, if it has mistakes.
    """
    if isinstance(inventory, str):
        raise TypeError("an inventory is a list of certificates or names, not one text")
    numbered = enumerate(inventory, 1)
    return checked((described(each, f"certificate {n}") for n, each in numbered), "the inventory")


def described(given: Certificate | str, place: str) -> tuple[str, object]:
    """Return where *given* stands, at *place* if it does not know, and what it says."""
    if not isinstance(given, Certificate):
        return place, given
    return given.place or place, {key: getattr(given, key) for key in FIELDS}


def from_message(choices: Mapping[str, Any]) -> dict[str, Any]:
    """Return *choices* as a call takes them, from how a message has them.

    Raises:
        TypeError: One is not a task's to have, or no number.
        ValueError: The task would be killed before its time is over.
    """
    if strange := sorted(choices.keys() - {*CHOICES}):
        raise TypeError(f"a task takes no {strange[0]}; it takes {', '.join(CHOICES)}")
    found = {"timeout": TIMEOUT, **choices}
    if isinstance(found["timeout"], int | float) and found["timeout"] > LONGEST:
        raise ValueError(f"timeout: a task has {LONGEST} s at most")
    if (days := found.pop("renew_within_days", None)) is not None:
        try:
            found["renew_within"] = timedelta(days=days)
        except (TypeError, ValueError, OverflowError) as error:
            raise type(error)("renew_within_days: a number of days is wanted") from error
    return found


def document(report: Report) -> Document:
    """Return *report* as ``--json`` prints it."""
    found: Document = json.loads(to_json(report))
    return found
