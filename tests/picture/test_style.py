"""Colours that can be read, and marks that do without."""

import re
from itertools import combinations

import pytest

from pipeline.picture.markup import escaped
from pipeline.picture.states import LOOKS
from pipeline.picture.style import DARK, LIGHT, inks, sheet

AA = 4.5
"""Contrast of text and ground, at least (WCAG 2.2 §1.4.3)."""


def luminance(colour: str) -> float:
    """Return the relative luminance of *colour* (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure() -> None:
    """
    Black on white is 21, the most there is; nothing on itself is 1.
    """
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#abcdef", "#abcdef") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", [look.state for look in LOOKS])
def test_states_can_be_read(scheme: str, state: str) -> None:
    """
    A state's letters on its own ground, and on the page's, where the timeline has them.
    """
    colours = inks(scheme)
    ground = (LIGHT if scheme == "light" else DARK)["page"]
    assert contrast(colours[state], colours[f"{state}-ground"]) >= AA
    assert contrast(colours[state], ground) >= AA


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_rest_can_be_read(palette: dict[str, str]) -> None:
    """
    Text, dimmed text and verdicts on the page, and what stands in the heads of tables.
    """
    for name in ("text", "dim", "good", "wait", "bad"):
        assert contrast(palette[name], palette["page"]) >= AA
    for name in ("text", "dim"):
        assert contrast(palette[name], palette["raised"]) >= AA
    assert contrast(palette["text"], palette["page"]) > 12


def test_marks_do_without_colour() -> None:
    """
    No two states share a symbol or a word.
    """
    for one, other in combinations(LOOKS, 2):
        assert one.symbol != other.symbol
        assert one.word != other.word
    assert all(len(each.symbol) == 1 and each.word and each.meaning for each in LOOKS)


@pytest.mark.parametrize("tone", ["good", "wait", "bad"])
def test_the_sheet(tone: str) -> None:
    """
    Every colour used is defined for both lights, and nothing is fetched.
    """
    text = sheet(tone)
    used = set(re.findall(r"var\(--([a-z-]+)\)", text)) - {"verdict", "ground"}
    light, dark = (
        set(re.findall(r"--([a-z-]+):", block)) for block in text.split("* {")[0].split("@media")
    )
    assert used <= light - {"verdict"}
    assert light - {"verdict"} == dark
    assert f"--verdict: var(--{tone})" in text
    assert re.findall(r"url\([^)]*\)", text) == ["url(#hatch)"]
    assert "@import" not in text
    assert "<" not in text
    assert escaped("a\u202eb") == "a\ufffdb"
