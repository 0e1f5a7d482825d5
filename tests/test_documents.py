"""JSON as it is written."""

import json

from hypothesis import given
from hypothesis import strategies as some

from pipeline.documents import by_lines

VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
)


@given(VALUES, some.integers(0, 5))
def test_the_same_however_it_is_laid_out(value: object, depth: int) -> None:
    """
    Whoever reads it gets what was written, in ASCII.
    """
    text = by_lines(value, depth)
    assert text.isascii()
    assert json.loads(text) == value


def test_the_lines() -> None:
    """
    Down to the depth each member has a line; what is empty, or deeper, needs none.
    """
    text = by_lines({"a": [{"b": [1, {}]}, "c"], "d": [], "e": {"f": None}}, 2)
    assert text.splitlines() == [
        "{",
        '  "a": [',
        '    {"b": [1, {}]},',
        '    "c"',
        "  ],",
        '  "d": [],',
        '  "e": {',
        '    "f": null',
        "  }",
        "}",
    ]
