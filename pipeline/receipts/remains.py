"""Say what of ours is still in DNS, and how to remove it. Pure."""

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePath

from pipeline.model import Problem, Record, Severity
from pipeline.text import counted, printable

SHOWN = 3
"""Records, or names, that one sentence lists."""

UNENDED = "a write that was given up, or cut off, may yet take effect"
"""Why what was just removed is listed all the same."""


def left_behind(records: Collection[Record], why: str, folder: PurePath) -> Problem:
    """Return the problem of *records* that ought to be gone; their receipt is in *folder*."""
    named = [
        f"{record.owner} TXT {record.challenge.value} at {record.provider}"
        for record in list(records)[:SHOWN]
    ]
    more = [f"and {len(records) - SHOWN} more"] if len(records) > SHOWN else []
    them = "it" if len(records) == 1 else "them"
    return Problem(
        "records-left",
        f"{why}: {counted(len(records), 'record')} may still be in DNS: "
        f"{', '.join([*named, *more])}; the receipt lists {them}",
        cleaning((), folder),
        Severity.WARNING,
    )


def staying(
    published: Iterable[tuple[str, str]], late: Mapping[str, Iterable[Record]], folder: PurePath
) -> tuple[Problem, ...]:
    """Return the notice of what waits in DNS for the next run.

    That is what of the records of *late* certificates, by name, is among the names and values
    that were *published*. What is ready stays, too, but not for a run.
    """
    theirs = {(r.challenge.name.to_text(), r.challenge.value) for rs in late.values() for r in rs}
    values = len(theirs.intersection(published))
    if not values:
        return ()
    stay, them = ("value stays", "it") if values == 1 else ("values stay", "them")
    return (
        Problem(
            "records-stay",
            f"{values} {stay} in DNS",
            f"run again to go on, or remove {them} and begin anew: {cleaning([*late], folder)}",
            Severity.WARNING,
        ),
    )


def dropped(names: Sequence[str]) -> tuple[Problem, ...]:
    """Return the notice that the orders kept for certificates *names* are kept no more."""
    if not names:
        return ()
    one = len(names) == 1
    more = [f"and {len(names) - SHOWN:,} more"] if len(names) > SHOWN else []
    which = ", ".join([*map(printable, names[:SHOWN]), *more])
    what = f"order kept for {which} is" if one else f"orders kept for {which} are"
    return (
        Problem(
            "order-dropped",
            f"the {what} dropped: the next run asks for {'a new one' if one else 'new ones'}",
            "to go on with an order, run again without cleaning",
            Severity.NOTICE,
        ),
    )


def cleaning(names: Sequence[str], folder: PurePath) -> str:
    """Return the command that removes what receipts in *folder* list for a few *names*, or all."""
    which = names if 0 < len(names) <= SHOWN else ["--all"]
    return shlex.join(["dns01", "clean", *which, "--state-dir", str(folder)])
