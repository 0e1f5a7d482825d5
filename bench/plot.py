"""The comparison as a plot: bars on a scale of powers of ten, readable by day and by night."""

from collections.abc import Iterable, Iterator, Sequence
from math import log10
from xml.sax.saxutils import escape

from .clients import ISSUES, STAGE
from .summary import Group, chosen, ratio
from .table import shown
from .tables import SAID

WIDTH, LEFT, RIGHT = 860, 130, 220
BAR, GAP, HEADING, TOP = 16, 5, 30, 40
LEAST, MOST = 0.1, 1000.0
COLOURS = {STAGE: "stage", ISSUES: "whole", "lego": "lego", "certbot": "certbot"}
READ = 'role="img" aria-labelledby="title desc"'

STYLE = """
text{font:12px system-ui,sans-serif;fill:#24292f}.heading{font-weight:600}.axis{fill:#57606a}
line{stroke:#d0d7de}.stage{fill:#54aeff}.whole{fill:#0969da}.lego{fill:#bf8700}.certbot{fill:#8250df}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.axis{fill:#8d96a0}line{stroke:#30363d}
.stage{fill:#80ccff}.whole{fill:#2f81f7}.lego{fill:#d29922}.certbot{fill:#a371f7}}
"""


def svg(found: Sequence[Group]) -> str:
    """Return the plot of how long each of *found* took until it was ready."""
    kinds = list(dict.fromkeys((group.case, group.delay) for group in found))
    bars = [group for group in found if group.of("ready")]
    height = TOP + len(kinds) * HEADING + len(bars) * (BAR + GAP) + GAP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {READ}>',
            '<title id="title">Seconds until the CA can validate</title>',
            f'<desc id="desc">{escape(_described(bars))}</desc>',
            f"<style>{STYLE}</style>",
            *_scale(height),
            *_drawn(kinds, bars),
            "</svg>\n",
        ]
    )


def place(seconds: float) -> float:
    """Return where on the scale *seconds* are."""
    share = log10(min(max(seconds, LEAST), MOST) / LEAST) / log10(MOST / LEAST)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _described(bars: Sequence[Group]) -> str:
    return "Medians, on a scale of powers of ten. " + "; ".join(
        f"{_heading(bar.case, bar.delay)}, {bar.client}: {_label(bar, bars)}" for bar in bars
    )


def _scale(height: int) -> Iterator[str]:
    power = LEAST
    while power <= MOST:
        x = f"{place(power):.0f}"
        yield f'<line x1="{x}" x2="{x}" y1="{TOP - 8}" y2="{height}"/>'
        yield f'<text class="axis" x="{x}" y="{TOP - 16}" text-anchor="middle">{power:g} s</text>'
        power *= 10


def _drawn(kinds: Iterable[tuple[str, float]], bars: Sequence[Group]) -> Iterator[str]:
    y = TOP
    for case, delay in kinds:
        y += HEADING
        yield f'<text class="heading" x="0" y="{y - 9}">{_heading(case, delay)}</text>'
        for bar in (each for each in bars if (each.case, each.delay) == (case, delay)):
            yield from _bar(bar, y, _label(bar, bars))
            y += BAR + GAP


def _bar(bar: Group, y: int, label: str) -> Iterator[str]:
    end = place(_ready(bar))
    colour = COLOURS[bar.client if bar.client in COLOURS else bar.client.split(":")[0]]
    yield f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(bar.client)}</text>'
    yield (
        f'<rect class="{colour}" x="{LEFT}" y="{y}" width="{end - LEFT:.1f}" '
        f'height="{BAR}" rx="2"/>'
    )
    yield f'<text x="{end + 6:.1f}" y="{y + 12}">{escape(label)}</text>'


def _heading(case: str, delay: float) -> str:
    return f"{SAID[case]}, " + (f"secondaries {delay:g} s late" if delay else "no delay")


def _label(bar: Group, bars: Iterable[Group]) -> str:
    times = ratio(bar, chosen(bars, ISSUES, bar.case, bar.delay))
    peer = bar.client not in (STAGE, ISSUES)
    return (
        f"{shown(_ready(bar))} s"
        + (f" (\N{MULTIPLICATION SIGN} {shown(times)})" if peer and times and not bar.day else "")
        + ("" if all(run.ok for run in bar.runs) else f", {bar.ok} ok")
        + bar.remark
    )


def _ready(bar: Group) -> float:
    ready = bar.of("ready")
    return ready.median if ready else LEAST
