"""Hide secrets in whatever is put out, however a stranger spells them. Pure."""

import json
import re
import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from operator import is_not
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from .text import printable, quoted

SHORTEST = 8
"""Characters of a secret that can be told from a word."""

PIECE = 12
"""Characters of a piece of a secret, or of a spelling of it, that gives it away."""

HIDDEN = "***"

ARMOUR = re.compile("-----(?:BEGIN|END) [A-Z0-9 ]+-----", re.ASCII)
"""What is around a key in PEM (RFC 7468), and secret to nobody."""

LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
"""Small letters for large ones, and each character one character as before."""

Thing = TypeVar("Thing")


class Secrets:
    """What this process has been trusted with, and must never show.

    Who is told a secret hides it where strangers' words come in. This is for the
    rest: words that were missed there, and modules that nobody here has written.
    """

    def __init__(self) -> None:
        self._known: set[tuple[str, bool]] = set()
        self._sources: list[Callable[[], Collection[str]]] = []
        self._begun: dict[int, dict[str, tuple[str, ...]]] = {}
        """What is hidden, by the characters it begins with, by how many those are."""
        self._marks: dict[int, set[str]] = {}
        """Every run of half as many characters in such a beginning."""
        self._starts: dict[int, set[str]] = {}

    def add(self, secret: str, *, whole: bool = False) -> None:
        """Hide *secret* from now on, and its pieces, unless it only counts as a *whole*.

        Of a key in PEM what is between the lines of dashes is secret: they hold plain words.
        """
        if len(secret) < SHORTEST or (secret, whole) in self._known:
            return
        self._known.add((secret, whole))
        if not whole and ARMOUR.search(secret):
            for within in ARMOUR.split(secret):
                self.add(within.strip())
            return
        for spelling in spellings(secret):
            spelt = spelling.translate(LOWER)
            if len(spelt) < SHORTEST:
                continue
            size = min(PIECE, len(spelt))
            for text in [spelt] if whole else runs(spelt, size):
                self._begin(text, size)
            for end in range(SHORTEST, len(spelt) if whole else size):
                self._starts.setdefault(end, set()).add(spelt[:end])

    def _begin(self, text: str, size: int) -> None:
        """Hide *text*, which is found by its first *size* characters."""
        begun, start = self._begun.setdefault(size, {}), text[:size]
        if text not in begun.get(start, ()):
            self._marks.setdefault(size, set()).update(runs(start, size // 2))
            begun[start] = (*begun.get(start, ()), text)

    def ask(self, source: Callable[[], Collection[str]]) -> None:
        """Hide also what *source* returns, whenever there is something to hide it in."""
        self._sources.append(source)

    def hide(self, text: str) -> str:
        """Return *text* without secrets, long pieces of them, and what an ellipsis cut off."""
        self._learn()
        return self._hidden(text)

    def _hidden(self, text: str) -> str:
        """Do as `hide` does, with the secrets known so far."""
        lower = text.translate(LOWER)
        found = sorted((*self._spans(lower), *self._cut(lower)))
        parts, done = list[str](), 0
        for start, end in found:
            if start >= done and (start > done or not parts):
                parts += [text[done:start], HIDDEN]
            done = max(done, end)
        return "".join([*parts, text[done:]]) if parts else text

    def _learn(self) -> None:
        for source in self._sources:
            for secret in source():
                self.add(secret)

    def _spans(self, lower: str) -> Iterator[tuple[int, int]]:
        """Yield where in *lower* a secret, or a piece of one, begins and ends.

        Most of a text is looked at in steps: every beginning, wherever it is, has a mark at one.
        """
        for size, begun in tuple(self._begun.items()):
            half, marks = size // 2, self._marks.get(size, ())
            for step in range(0, len(lower) - half + 1, size - half + 1):
                if lower[step : step + half] in marks:
                    for at in range(max(step + half - size, 0), step + 1):
                        for text in begun.get(lower[at : at + size], ()):
                            if lower.startswith(text, at):
                                yield at, at + len(text)

    def _cut(self, lower: str) -> Iterator[tuple[int, int]]:
        """Yield where in *lower* a secret begins that an ellipsis soon ends."""
        if "…" not in lower:
            return
        starts = tuple(self._starts.items())
        for end in (found.start() for found in re.finditer("…", lower)):
            for size, texts in starts:
                if size <= end and lower[end - size : end] in texts:
                    yield end - size, end

    def hide_in(self, value: Thing) -> Thing:
        """Return *value*, a text or dataclasses and tuples of texts, without any secret.

        What has none in it is the same object as before.
        """
        self._learn()
        return without(value, cache(self._hidden)) if self._begun else value


def without(value: Any, hide: Callable[[str], str]) -> Any:  # noqa: ANN401 - whatever a field holds
    """Return what *hide* leaves of *value*, of whatever texts are in it."""
    match value:
        case None | int() | float() | Enum():
            return value
        case str():
            hidden = hide(value)
            return value if hidden == value else hidden
        case tuple():
            inner = tuple([without(each, hide) for each in value])
            return inner if any(map(is_not, inner, value)) else value
        case _ if is_dataclass(value) and not isinstance(value, type):
            changed = {}
            for name in fields_of(type(value)):
                before = getattr(value, name)
                if (after := without(before, hide)) is not before:
                    changed[name] = after
            return replace(value, **changed) if changed else value
        case _:
            return value


@cache
def fields_of(kind: type[Any]) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass."""
    return tuple(each.name for each in fields(kind))


def runs(text: str, size: int) -> set[str]:
    """Return every *size* characters of *text* that follow one another."""
    return {text[at : at + size] for at in range(len(text) - size + 1)}


def spellings(secret: str) -> Iterator[str]:
    """Yield *secret* as it may come back: as it is, in a URL, in JSON, in hex, in base64."""
    octets = secret.encode("utf-8", "replace")
    yield from (secret, printable(secret, len(secret)), json.dumps(secret)[1:-1])
    yield quoted(secret, 10 * len(secret))[1:-1]  # no escape is longer than that
    yield from (quote(octets, safe=""), quote_plus(octets))
    yield from (octets.hex(), "".join(f"%{octet:02x}" for octet in octets))
    for before in range(3):  # where in a longer text it begins, base64 spells it in three ways
        first, last = (before * 8 + 5) // 6, (before + len(octets)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(b"\0" * before + octets)[first:last].decode()
