"""Hide secrets in whatever is put out, however a stranger spells them. Pure."""

import json
import re
import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
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
        self._known: set[str] = set()
        self._sources: list[Callable[[], Collection[str]]] = []
        self._pieces: dict[int, set[str]] = {}
        self._whole: set[str] = set()
        self._starts: dict[int, set[str]] = {}

    def add(self, secret: str, *, whole: bool = False) -> None:
        """Hide *secret* from now on, and its pieces, unless it only counts as a *whole*.

        Of a key in PEM what is between the lines of dashes is secret: they hold plain words.
        """
        if not whole and ARMOUR.search(secret):
            for within in ARMOUR.split(secret):
                self.add(within.strip())
            return
        if len(secret) < SHORTEST or secret in self._known:
            return
        if not whole:
            self._known.add(secret)
        for spelling in spellings(secret):
            spelt = spelling.translate(LOWER)
            if len(spelt) < SHORTEST:
                continue
            size = min(PIECE, len(spelt))
            if whole:
                self._whole.add(spelt)
            else:
                pieces = {spelt[at : at + size] for at in range(len(spelt) - size + 1)}
                self._pieces.setdefault(size, set()).update(pieces)
            for end in range(SHORTEST, len(spelt) if whole else size):
                self._starts.setdefault(end, set()).add(spelt[:end])

    def ask(self, source: Callable[[], Collection[str]]) -> None:
        """Hide also what *source* returns, whenever there is something to hide it in."""
        self._sources.append(source)

    def hide(self, text: str) -> str:
        """Return *text* without secrets, long pieces of them, and what an ellipsis cut off."""
        self._learn()
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
        """Yield where in *lower* a secret, or a piece of one, begins and ends."""
        for size, pieces in tuple(self._pieces.items()):
            for at in range(len(lower) - size + 1):
                if lower[at : at + size] in pieces:
                    yield at, at + size
        for spelt in tuple(self._whole):
            yield from (found.span() for found in re.finditer(re.escape(spelt), lower))

    def _cut(self, lower: str) -> Iterator[tuple[int, int]]:
        """Yield where in *lower* a secret begins that an ellipsis soon ends."""
        starts = tuple(self._starts.items())
        for end in (found.start() for found in re.finditer("…", lower)):
            for size, texts in starts:
                if size <= end and lower[end - size : end] in texts:
                    yield end - size, end

    def hide_in(self, value: Thing) -> Thing:
        """Return *value*, a text or dataclasses and tuples of texts, without any secret."""
        self._learn()
        return self._without(value) if self._pieces or self._whole else value

    def _without(self, value: Any) -> Any:  # noqa: ANN401 - whatever the fields of a dataclass hold
        match value:
            case Enum():
                return value
            case str():
                return self.hide(value)
            case tuple():
                return tuple(map(self._without, value))
            case _ if is_dataclass(value) and not isinstance(value, type):
                inner = {
                    each.name: self._without(getattr(value, each.name)) for each in fields(value)
                }
                return replace(value, **inner)
            case _:
                return value


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
