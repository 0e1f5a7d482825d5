"""Read octets as decisions, so that Hypothesis and a coverage-guided fuzzer can steer alike."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

Thing = TypeVar("Thing")

TEXTS = (
    "", ".", "..", "\0", "\ud800", "\x1b[2J", "\r\n::error::x", "##vso[x]", "<b>`|", "\u202e", "*",
    "a" * 64, "a." * 128, "\\300.example", "\\", '"', '"\\', "-1", "1e999", "ü.example", "xn--a",
    "_acme-challenge", "_acme-challenge.www", "example.com", "*.example.com", "TXT", "pending",
    "\u3002", "A" * 43, "A" * 256, "2026-01-01T00:00:00", "9" * 400, "[::1]:53", "h2://x",
    "~nobody/x",
)  # fmt: skip
"""What has a meaning somewhere, or should not."""

OTHERS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**64, 10**30, 0.5, float("inf"), float("nan"), [], {},
    [[]], [{}], {"": None}, [None], {"errors": []}, {"code": 0, "message": ""},
)  # fmt: skip

DEEP = 2_000
"""Levels of a nest that no parser likes."""


class Chance:
    """Decisions out of *octets*; once they are used up, the first choice each time."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    @property
    def is_spent(self) -> bool:
        return self._at >= len(self._octets)

    def below(self, bound: int) -> int:
        """Return a number from 0 to less than *bound*."""
        size = 1 if bound <= 256 else 2
        return int.from_bytes(self.take(size), "big") % bound

    def pick(self, things: Sequence[Thing]) -> Thing:
        return things[self.below(len(things))]

    def take(self, size: int) -> bytes:
        """Return the next *size* octets, or as many as there are."""
        taken = self._octets[self._at : self._at + size]
        self._at += size
        return taken

    def rest(self) -> bytes:
        return self.take(len(self._octets))


def odd(chance: Chance) -> Any:
    """Return a JSON value that nobody expects."""
    match chance.below(4):
        case 0:
            return chance.pick(TEXTS)
        case 1:
            return chance.pick(OTHERS)
        case 2:
            return chance.take(chance.below(12)).decode("utf-8", "replace")
        case _:
            return chance.pick(TEXTS) + chance.pick(TEXTS)


def mutated(value: Any, chance: Chance) -> Any:
    """Return a JSON *value* with a few places in it changed, removed, doubled or swapped."""
    places = list(walk(value))
    for _ in range(1 + chance.below(4)):
        if not places:
            return odd(chance)
        holder, key = chance.pick(places)
        try:
            match chance.below(5):
                case 0:
                    del holder[key]
                case 1:
                    holder[key] = [holder[key]] * (1 + chance.below(3))
                case 2:
                    other, at = chance.pick(places)
                    holder[key] = json.loads(json.dumps(other[at]))
                case _:
                    holder[key] = odd(chance)
        except (KeyError, IndexError):  # taken out by the change before
            continue
    return value


def walk(value: Any) -> Any:
    """Yield every place in a JSON *value*, as its holder and key."""
    match value:
        case dict():
            items: Any = list(value.items())
        case list():
            items = list(enumerate(value))
        case _:
            return
    for key, inner in items:
        yield value, key
        yield from walk(inner)


def scribbled(octets: bytes, chance: Chance) -> bytes:
    """Return *octets* with a few of them replaced, cut out, doubled or put in."""
    text = bytearray(octets)
    for _ in range(1 + chance.below(6)):
        at = chance.below(len(text) + 1)
        match chance.below(4):
            case 0:
                text[at : at + 1] = chance.take(1)
            case 1:
                del text[at : at + 1 + chance.below(16)]
            case 2:
                text[at:at] = text[at : at + 1 + chance.below(64)]
            case _:
                text[at:at] = chance.take(chance.below(8)) or chance.pick(TEXTS).encode(
                    "utf-8", "surrogatepass"
                )
    return bytes(text)


def json_text(value: Any, chance: Chance) -> bytes:
    """Return JSON *value* mutated, as text that may be broken, too, or a nest without end."""
    match chance.below(8):
        case 0:
            return scribbled(json.dumps(value).encode(), chance)
        case 1:
            inner = json.dumps(mutated(value, chance))
            opening = chance.pick(("[", '{"a":', '{"errors":[', '{"error_chain":[{"a":'))
            return (opening * chance.below(DEEP) + inner).encode()
        case 2:
            return chance.rest()
        case _:
            return json.dumps(mutated(value, chance)).encode()
