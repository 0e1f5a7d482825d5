"""The axis of a timeline: seconds from process start, placed in percent of its width. Pure."""

from .lanes import seconds
from .markup import Html, element

STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400)
"""Seconds between two marks of the axis."""

MARGIN = 0.02
"""The part of the axis after the end, so that what came last can be seen."""

AFTERWARDS = 0.12
"""The same, where there is something to say of the time after."""


class Scale:
    """Places on the axis, in percent of its width."""

    def __init__(self, until: float, *, afterwards: bool) -> None:
        self.until = max(until, 0.001)
        self._share = 100.0 * (1 - (AFTERWARDS if afterwards else MARGIN))

    def at(self, moment: float) -> float:
        """Return where *moment* is."""
        return round(self._share * moment / self.until, 3)

    def place(self, moment: float) -> str:
        """Return where *moment* is, as SVG wants it."""
        return f"{self.at(moment):g}%"

    def marks(self) -> list[float]:
        """Return the moments to mark."""
        return marks(self.until)


def marks(until: float) -> list[float]:
    """Return the moments to mark on an axis that ends at *until*: at most seven."""
    step = next((step for step in STEPS if until / step <= 6), max(until, 0.001))
    return [round(step * count, 3) for count in range(int(until / step) + 1)]


def axis(scale: Scale, word: str) -> Html:
    """Return the row with the scale, and *word* where it ends."""
    labels = [
        element(
            "text", f"{moment:g}", x=scale.place(moment), y=31, text_anchor=anchor(scale.at(moment))
        )
        for moment in scale.marks()
    ]
    finish = element(
        "text",
        f"{word} {seconds(scale.until)} ▾",
        x=scale.place(scale.until),
        y=13,
        text_anchor="end",
        class_="finish",
    )
    drawn = element("svg", *labels, finish, width="100%", height=36, aria_hidden="true")
    return element(
        "tr",
        element("th", "server", scope="col"),
        element("th", drawn, scope="col", class_="bar", aria_label="timeline"),
        element("th", "outcome", scope="col"),
    )


def anchor(place: float) -> str:
    """Return how a label at *place* keeps inside the picture."""
    return "start" if place < 3 else "end" if place > 97 else "middle"
