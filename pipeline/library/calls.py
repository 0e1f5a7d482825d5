"""What a Python program calls."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Self, Unpack

from pipeline.cleaning import clean as remove
from pipeline.model import Problem
from pipeline.report import Report, headline, problem_lines
from pipeline.withdrawing import GRACE, UNHURRIED
from providers.names import domain_name

from .call import Call
from .choices import Choices, listed

Document = Mapping[str, object] | str | bytes
"""An order as the caller has it: what ``--from FILE`` reads, as bytes, text, or a mapping."""


class NotReady(Exception):
    """`published` did not get ready; nothing of it is left in DNS but what *report* names."""

    def __init__(self, report: Report) -> None:
        super().__init__("\n".join([headline(report), *problem_lines(report.problems)]))
        self.report = report

    def __reduce__(self) -> tuple[type[Self], tuple[Report]]:
        return type(self), (self.report,)  # else a copy would be made of the message


class RecordsLeft(Exception):
    """`published` has come to its end, and some of its records could not be removed.

    The receipt lists them: `clean` tries again. *problems* name them.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem_lines(problems)))
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[type[Self], tuple[Sequence[Problem]]]:
        return type(self), (self.problems,)


def ready(*names: str, order: Document | None = None, **choices: Unpack[Choices]) -> Report:
    """Publish, confirm, report: ``dns01 ready``. Records stay in place, ready or not.

    Args:
        names: Of certificates, at the source; each is an order of its own.
        order: An order that you hold. *names*, if any, limit the domains that it may name.
        choices: See `Choices`.

    Returns:
        The report; its `exit` is 0 if a CA that validates now will see every value. What goes
        wrong stands in there, too.

    Raises:
        TypeError: There is neither name nor order; or see `Choices`.
        ValueError: See `Choices`.
    """
    needed(names, order)
    with Call(names, choices, order) as call:
        return call.report(lambda: call.stage().ready(stays=True))


def plan(*names: str, order: Document | None = None, **choices: Unpack[Choices]) -> Report:
    """Say what would be written and where: ``dns01 plan``. As `ready`, and writes no record."""
    needed(names, order)
    with Call(names, choices, order) as call:
        return call.report(lambda: call.stage().plan())


@contextmanager
def published(
    *names: str, order: Document | None = None, **choices: Unpack[Choices]
) -> Iterator[Report]:
    """Do the body of a ``with`` while everything is ready, then clean: ``dns01 run``.

    Args are those of `ready`; yields its report. Records are removed whatever happens.

    Raises:
        NotReady: Instead of the body.
        RecordsLeft: After the body. If that has raised, its exception has a note instead.
        TypeError: As `ready`.
        ValueError: As `ready`.
    """
    needed(names, order)
    with Call(names, choices, order) as call:
        try:
            report = call.report(lambda: call.stage().ready())
            if not report.exit:
                yield report
        except BaseException as error:
            for line in problem_lines(call.withdraw(UNHURRIED)):
                error.add_note(line)
            raise
        left = call.withdraw(GRACE if report.exit else UNHURRIED)
        if report.exit:
            raise NotReady(replace(report, problems=(*report.problems, *left)))
        if left:
            raise RecordsLeft(left)


def clean(*names: str, everything: bool = False, **choices: Unpack[Choices]) -> Report:
    """Remove exactly what receipts of *names* list, or *everything* in the state folder.

    Raises:
        TypeError: There are neither names nor *everything*, or both; or see `Choices`.
        ValueError: See `Choices`.
    """
    if bool(names) == everything:
        raise TypeError("clean takes names, or everything=True")
    with Call(names, choices) as call:
        parts = call.parts
        return call.report(lambda: remove(names, parts.store, parts.hosts, call.clock))


def wait(
    wanted: Mapping[str, str | Sequence[str]],
    **choices: Unpack[Choices],
) -> Report:
    """Confirm values that somebody else publishes: ``dns01 wait``. No order, no credentials.

    Args:
        wanted: The value, or values, by the name that they should be seen at, taken literally.
        choices: See `Choices`.

    Raises:
        TypeError: A value is not text; or see `Choices`.
        ValueError: A name is not a domain name, or nothing is wanted; or see `Choices`.
    """
    if not wanted:
        raise ValueError("nothing is wanted")
    values = {domain_name(name): texts(each) for name, each in wanted.items()}
    with Call((), choices) as call:
        return call.report(lambda: call.parts.waiting().wait(values))


def check(*domains: str, **choices: Unpack[Choices]) -> Report:
    """Look whether it would work: ``dns01 check``. Writes nothing, needs no credentials.

    Raises:
        TypeError: There is no domain; or see `Choices`.
        ValueError: See `Choices`.
    """
    if not domains:
        raise TypeError("check takes at least one domain")
    separate = [domain.strip() for each in domains for domain in listed(each)]
    with Call((), choices) as call:
        return call.report(lambda: call.parts.checking().check(separate))


def texts(values: str | Sequence[str]) -> list[str]:
    """Return *values*, one or several, each once.

    Raises:
        TypeError: One of them is not text.
        ValueError: There is none.
    """
    found: object = [values] if isinstance(values, str) else values
    if not isinstance(found, Iterable) or not all(isinstance(each, str) for each in found):
        raise TypeError("a value is text, or several are a list of texts")
    if not (once := list(dict.fromkeys(found))):
        raise ValueError("a name has no value to wait for")
    return once


def needed(names: Sequence[str], order: Document | None) -> None:
    """See that there is something to be done.

    Raises:
        TypeError: There is not, or a name is not text.
    """
    if not names and order is None:
        raise TypeError("the name of a certificate is needed, or an order")
    if not all(isinstance(name, str) for name in names):
        raise TypeError("a name is text; a certificate of several is one text, with commas")
