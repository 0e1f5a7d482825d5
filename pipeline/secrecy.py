"""Hide secrets in whatever is put out, however a stranger spells them. Pure."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from .text import printable

SHORTEST = 8
"""Characters of a secret that can be told from a word."""

HIDDEN = "***"

Thing = TypeVar("Thing")


class Secrets:
    """What this process has been trusted with, and must never show.

    Who is told a secret hides it where strangers' words come in. This is for the
    rest: words that were missed there, and modules that nobody here has written.
    """

    def __init__(self) -> None:
        self._spellings: list[str] = []

    def add(self, secret: str) -> None:
        """Hide *secret* from now on."""
        if len(secret) >= SHORTEST:
            found = (each for each in spellings(secret) if len(each) >= SHORTEST)
            # The longest first: it may hold a shorter one, of which the rest would be left.
            self._spellings = sorted({*self._spellings, *found}, key=len, reverse=True)

    def hide(self, text: str) -> str:
        """Return *text* without any secret, whole or cut off by an ellipsis."""
        for spelling in self._spellings:
            if spelling in text:
                text = text.replace(spelling, HIDDEN)
        return self._cut(text) if "…" in text else text

    def hide_in(self, value: Thing) -> Thing:
        """Return *value*, a text or dataclasses and tuples of texts, without any secret."""
        return value if not self._spellings else self._without(value)

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

    def _cut(self, text: str) -> str:
        for spelling in self._spellings:
            for length in range(len(spelling) - 1, SHORTEST - 1, -1):
                text = text.replace(f"{spelling[:length]}…", f"{HIDDEN}…")
        return text


def spellings(secret: str) -> Iterator[str]:
    """Yield *secret* as it may come back: as it is, in a URL, in JSON, in base64."""
    octets = secret.encode("utf-8", "replace")
    yield from (secret, printable(secret, len(secret)), json.dumps(secret)[1:-1])
    yield from (quote(octets, safe=""), quote_plus(octets))
    for before in range(3):  # where in a longer text it begins, base64 spells it in three ways
        first, last = (before * 8 + 5) // 6, (before + len(octets)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(b"\0" * before + octets)[first:last].decode()
