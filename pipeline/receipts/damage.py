"""Tell of a receipt that is not as it was left: by its path, and why. Pure."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from pipeline.model import Exit, Failed
from pipeline.text import printable

VERSION = 1

T = TypeVar("T")


@contextmanager
def telling(path: str) -> Iterator[None]:
    """Tell of whatever is wrong with the content of *path* that it is damaged, and why."""
    try:
        yield
    except KeyError as error:
        raise damaged(path, f"it lacks {error}") from error
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise damaged(path, str(error) or type(error).__name__) from error


def checked(document: Any, path: str) -> Any:  # noqa: ANN401 (JSON)
    """Return *document*, the content of *path*, if it is of the version that we read.

    What it says to list is then a list: nothing else is taken for an empty one.
    """
    version = member(document, "dns01_receipt", int)
    if version != VERSION:
        told = printable(str(version), 20)
        raise damaged(path, f"it is of version {told}, and this dns01 reads {VERSION}")
    for name in ("orders", "records"):
        member(document, name, list)
    return document


def member(document: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """Return what *document* has as *name*. Raises `TypeError` unless that is of type *kind*."""
    found: T = document[name]
    if type(found) is not kind:
        raise TypeError(f"{name!r} is not of type {kind.__name__}")
    return found


def moment(text: str) -> datetime:
    """Return the aware time in *text*."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"time without zone: {text}")
    return found


def damaged(path: str, why: str) -> Failed:
    """Return the failure to read a receipt."""
    return Failed(
        Exit.DATA,
        "receipt",
        f"receipt {path} cannot be used: {printable(why)}",
        "nothing its run wrote was touched: clean as its owner, or remove by hand what it lists, "
        "and delete it",
    )
