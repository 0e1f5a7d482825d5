"""What a call may be told, as keywords: the options of the command line, checked."""

import os
import re
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, Literal, TypedDict

from pipeline.asking.endpoints import Endpoint
from pipeline.command.arguments import build
from pipeline.command.contradictions import contradiction
from pipeline.command.literals import ttl
from pipeline.configuration.values import duration, issuers, require, words
from pipeline.text import nearest

from .telling import Step


class Choices(TypedDict, total=False):
    """What a call may be told; what is left out is decided as for the command.

    Attributes:
        source: Where orders come from, ``rcl`` (the default) or ``acme``.
        provider: The DNS host of every zone; several hosts where several serve it.
        ttl: Of new records, in seconds.
        renew_within: Order only what ends so soon; else the report says ``not-due``.
        respond: Have the CA validate once everything is ready; for ``acme``.
        resolvers: Each ``ADDR[:PORT]``, as ``--resolver`` takes it; replaces the public set.
        require: Whose confirmation is needed.
        issuers: The CA as CAA records name it.
        timeout: Seconds from the call.
        force: Write although a finding says that the CA would surely refuse.
        fleet: The call may be one of many, and be made again: what got ready within the hour is
            confirmed again, without a new order.
        config: The configuration file.
        state_dir: Where receipts are kept.
        environment: Variables to read instead of the process's own: credentials, settings.
        progress: Called with each step, in the thread of the call or of an adapter.
        cancel: Once set, the run ends as by Ctrl-C: its records removed, exit 130. Looked at
            between steps, and twice a second during the wait.
    """

    source: Literal["rcl", "acme"]
    provider: str | Sequence[str]
    ttl: int
    renew_within: timedelta
    respond: bool
    resolvers: Sequence[str]
    require: Literal["quorum", "all", "authoritative"]
    issuers: Sequence[str]
    timeout: float
    force: bool
    fleet: bool
    config: str | os.PathLike[str]
    state_dir: str | os.PathLike[str]
    environment: Mapping[str, str]
    progress: Callable[[Step], object]
    cancel: Event


def listed(values: str | Sequence[str]) -> list[str]:
    """Return *values* as a list; one text is one value, or several with commas."""
    return values.split(",") if isinstance(values, str) else list(values)


def of(kind: type, wanted: str) -> Callable[[Any], Any]:
    """Return what takes values of *kind*, and refuses others, naming what is *wanted*."""

    def read(value: object) -> object:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"{wanted} is wanted")
        return value

    return read


flag = of(bool, "True or False")


def age(value: object) -> timedelta:
    """Return *value*, the time before a certificate's end."""
    if of(timedelta, "a timedelta")(value) <= timedelta():
        raise ValueError("more than 0 is wanted")
    return value  # type: ignore[return-value]


def seconds(value: object) -> float:
    """Return *value*, a time in seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a number of seconds is wanted")
    try:
        return duration(f"{value:.3f}")
    except ValueError as error:
        raise ValueError("more than 0 seconds, and at most a year, are wanted") from error


def heard(value: object) -> Callable[[Step], object]:
    """Return *value*, which is told of steps."""
    if not callable(value):
        raise TypeError("a function of one Step is wanted")
    return value


def source(value: object) -> str:
    """Return *value*, the name of an order source."""
    if value not in {"rcl", "acme"}:
        raise ValueError("rcl or acme is wanted; an order that you hold goes in as order=")
    return str(value)


OPTIONS: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "source": ("order", source),
    "provider": ("provider", lambda value: ",".join(words(listed(value)))),
    "ttl": ("ttl", lambda value: ttl(str(of(int, "a whole number")(value)))),
    "renew_within": ("renew_within", age),
    "respond": ("respond", flag),
    "resolvers": ("resolver", lambda value: [Endpoint.parse(each) for each in listed(value)]),
    "require": ("require", lambda value: require(value).value),
    "issuers": ("issuer", lambda value: issuers(listed(value))),
    "timeout": ("timeout", seconds),
    "force": ("force", flag),
    "fleet": ("fleet", flag),
    "config": ("config", Path),
    "state_dir": ("state_dir", Path),
    "progress": ("progress", heard),
    "cancel": ("cancel", of(Event, "a threading.Event")),
    "environment": ("environment", of(Mapping, "a mapping of variables")),
}
"""By keyword: the option that it stands for, and what reads its value."""

OPTION = re.compile("--[a-z-]+")
KEYWORDS = {"--from": "order"} | {
    f"--{option.replace('_', '-')}": keyword for keyword, (option, _) in OPTIONS.items()
}
"""By option, as the command's messages have it."""


def options(names: Sequence[str], choices: Mapping[str, Any], *, has_order: bool) -> Namespace:
    """Return *choices* as the command's parser would for `ready` of *names*.

    Raises:
        TypeError: One of them does not exist, or has a value of the wrong type.
        ValueError: One has a value that it cannot have, or they contradict each other.
    """
    if unknown := sorted(choices.keys() - Choices.__annotations__.keys()):
        near = nearest(unknown[0], Choices.__annotations__)
        known = (
            f"did you mean {near}?" if near else f"there are {', '.join(Choices.__annotations__)}"
        )
        raise TypeError(f"there is no {unknown[0]}; {known}")
    found, _ = build().parse_known_args(["ready"])  # as if no option were given
    found.names, found.command = list(names), None
    found.document = "" if has_order else None
    for keyword, (option, read) in OPTIONS.items():
        if choices.get(keyword) is None:
            continue
        try:
            setattr(found, option, read(choices[keyword]))
        except (TypeError, ValueError) as error:
            raise type(error)(f"{keyword}: {error}") from error
    if (names or has_order) and (complaint := contradiction(found)):
        raise ValueError(OPTION.sub(lambda option: KEYWORDS[option[0]], complaint))
    return found
