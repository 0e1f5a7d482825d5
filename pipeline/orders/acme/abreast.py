"""Requests to a CA side by side: most of what each takes is the way there and back."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from pipeline.model import Failed
from providers.threads import each

WIDTH = 4
"""Requests at a time, each over a connection that is kept; what a CA allows is many times that."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def abreast(call: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return what *call* returns for each of *items*, in their order.

    Raises:
        Failed: The first of *call*; none is begun after that.
    """
    ended: list[Failed] = []

    def unless_ended(item: Item) -> Result:
        if ended:
            raise ended[0]
        try:
            return call(item)
        except Failed as failed:
            ended.append(failed)
            raise

    return each(unless_ended, items, WIDTH)
