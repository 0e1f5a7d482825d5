"""Say for a person what several things come to. Pure."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from .model import Problem, Severity
from .text import counted, printable

LATER = datetime.max.replace(tzinfo=UTC)


def weighed(problems: Collection[Problem]) -> str:
    """Return how many errors and warnings *problems* hold; what is good to know does not count."""
    grave = sum(problem.severity is Severity.ERROR for problem in problems)
    doubtful = sum(problem.severity is Severity.WARNING for problem in problems)
    if not grave + doubtful:
        return "nothing stands in the way"
    return f"{counted(grave, 'error')}, {counted(doubtful, 'warning')}"


def lives(certificates: Sequence[tuple[str, datetime | None]]) -> str:
    """Return until when *certificates*, each with its name and end, are good."""
    name, expires = min(certificates, key=lambda each: each[1] or LATER)
    ending = f"{expires:%Y-%m-%d %H:%M} UTC" if expires else "later"
    name = printable(name, 300)
    if len(certificates) == 1:
        return f"the certificate of {name} is good until {ending}"
    return f"{counted(len(certificates), 'certificate')}, the first until {ending} ({name})"
