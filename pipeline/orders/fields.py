"""Read the fields of an order document, which is JSON of a stranger's. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.model import Exit, Failed
from pipeline.text import printable, quoted

LIMIT = 1 << 20
"""Largest document taken, in octets."""

Token = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind of order document looks.

    Attributes:
        tokens: The field with its validation tokens.
        absent: The status of one that has no such field; empty: it must have one.
        is_secret: Whether what cannot be read may be shown nobody.
    """

    tokens: str = "validationTokens"
    absent: str = ""
    is_secret: bool = False


RCL_V7 = Shape()
RCL_V8 = Shape("tokens", "pending", is_secret=True)
"""A certificate in the making, with its password."""
DOCUMENT = Shape(is_secret=True)
"""A file, which given by mistake may be anything."""


def parse(body: bytes, *, show: bool) -> Mapping[str, object]:
    """Return the JSON object in *body*; *show*: whether a message may quote what else it is."""
    if len(body) > LIMIT:
        raise refused(f"the order document is larger than {LIMIT} octets")
    try:
        document = json.loads(body.decode("utf-8-sig"), object_pairs_hook=once_each)
    except (ValueError, RecursionError) as error:
        if not body.strip():
            raise refused("the order document is empty") from error
        beginning = printable(body[:1000].decode("utf-8", "replace"), 80)
        start = f'; it begins "{beginning}"' if show else ""
        raise refused(f"the order document is not JSON{start}") from error
    if not isinstance(document, dict):
        kind = "text" if isinstance(document, str) and not show else shown(document)
        raise refused(f"the order document is {kind}, not an object")
    return document


def once_each(pairs: Sequence[tuple[str, object]]) -> Mapping[str, object]:
    """Return the object of *pairs*; of a key that comes twice, readers take the first or the last.

    Raises:
        Failed: 65, naming the key.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise refused(f"the order document has {quoted(twice)} twice in one object")
    return found


def tokens_of(document: Mapping[str, object], shape: Shape) -> Sequence[Token]:
    """Return the order's validation tokens; null and absent are none."""
    tokens = document.get(shape.tokens)
    if tokens is None:
        return ()
    if not isinstance(tokens, list):
        raise refused(f'"{shape.tokens}" is {shown(tokens)}, not a list')
    for index, token in enumerate(tokens, 1):
        if not isinstance(token, dict):
            raise refused(f"token {index} is {shown(token)}, not an object")
    return tokens


def text_field(document: Mapping[str, object], field: str, index: int = 0) -> str:
    """Return the text in *field*; *index* is the token's, 0 for the order itself."""
    value = document.get(field)
    if isinstance(value, str) and value:
        return value
    state = "is missing" if value is None or value == "" else f"is {shown(value)}, not text"
    raise refused(f"token {index}: {field} {state}" if index else f'"{field}" {state}')


def shown(value: object) -> str:
    """Return JSON *value* for a sentence; a nest of others only by its kind, however deep."""
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return quoted(value)
        case _:
            return printable(json.dumps(value), 80)


def token_refused(index: int, field: str, text: str, why: str) -> Failed:
    """Return the refusal of the whole order for one field of one token."""
    return refused(f"token {index}: {field} {quoted(text)} {why}")


def refused(message: str, hint: str = "") -> Failed:
    """Return the failure that ends an order for its content."""
    return Failed(Exit.DATA, "order", message, hint)
