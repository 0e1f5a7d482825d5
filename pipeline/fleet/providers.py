"""See that the DNS hosts exist which an inventory names."""

from collections.abc import Collection, Iterable

from pipeline.configuration import registry
from pipeline.configuration.values import words
from pipeline.model import Failed

from .inventory import SHOWN
from .waves import Choice


def see_providers(choices: Iterable[tuple[Choice, str]], accounts: Collection[str]) -> None:
    """See that the providers of *choices* exist, each of which comes with its place.

    Raises:
        Failed: 78, for the first mistakes.
    """
    mistakes: dict[str, Failed] = {}
    for choice, place in choices:
        for name in words(choice.provider) if choice.provider else ():
            if name in accounts or name in mistakes:
                continue
            try:
                registry.load(name, place, accounts)
            except Failed as failed:
                mistakes[name] = failed
    if mistakes:
        first, *others = [*mistakes.values()][:SHOWN]
        why = first.problem
        hint = "\n".join([why.hint, *(each.problem.message for each in others)])
        raise Failed(first.exit, why.code, why.message, hint)
