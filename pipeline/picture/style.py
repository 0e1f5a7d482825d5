"""How the page looks: light and dark by the reader's wish, on a phone, on paper. Pure."""

from .states import LOOKS, Ink

SHEET = """
:root { color-scheme: light dark; %(light)s }
@media (prefers-color-scheme: dark) { :root { %(dark)s } }
* { box-sizing: border-box }
body {
  background: var(--page); color: var(--text); margin: 0 auto; max-width: 76rem; padding: 1.5rem;
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 2rem; line-height: 1.2; margin: 0 }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem }
p { margin: .3rem 0 }
code, .address { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .9em }
header { border-left: .5rem solid var(--verdict); padding: .2rem 0 .2rem 1rem }
header h1 { color: var(--verdict) }
.lead { font-size: 1.15rem } .about { font-weight: 600 }
.dim, dt, caption, footer { color: var(--dim) }
caption { font-size: .9rem; padding-bottom: .4rem; text-align: left }
dl { display: grid; gap: .2rem 1.2rem; grid-template-columns: max-content 1fr; margin: 1rem 0 0 }
dd { margin: 0 }
ul { list-style: none; margin: 0; padding: 0 }
.problems li { border-left: .3rem solid; margin: .6rem 0; padding: .1rem 0 .1rem .9rem }
.problems .error { border-color: var(--bad) } .problems .error strong { color: var(--bad) }
.problems .warning { border-color: var(--wait) } .problems .warning strong { color: var(--wait) }
.problems .notice { border-color: var(--dim) } .problems .notice strong { color: var(--dim) }
.message, .hint { white-space: pre-line }
.scroll { border: 1px solid var(--line); margin: .6rem 0; max-height: 80vh; overflow: auto }
.scroll:focus-visible, summary:focus-visible { outline: .15rem solid var(--verdict) }
table { border-collapse: separate; border-spacing: 0; font-size: .9rem; width: 100%% }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top }
th { font-weight: 600 }
.scroll caption { padding: .4rem .6rem }
.scroll th, .scroll td { border-top: 1px solid var(--line) }
.scroll thead { position: sticky; top: 0; z-index: 1 }
.scroll thead th { background: var(--raised) }
.scroll tbody th { background: var(--page); left: 0; min-width: 9rem; position: sticky }
.matrix thead tr:first-child th:first-child { left: 0; position: sticky; vertical-align: bottom }
.matrix tbody th { width: 14rem } .matrix thead th { min-width: 7rem }
.matrix thead .address { font-size: .78rem } .matrix thead .dim { white-space: nowrap }
.matrix td { border-left: 1px solid var(--page) }
.plain { overflow-wrap: break-word; white-space: pre-line }
.plain tbody th { max-width: 24rem; overflow-wrap: anywhere }
.matrix thead span, .matrix tbody th span { display: block; font-weight: 400 }
.legend { margin-top: 1.4rem } .legend li { display: inline-block; margin: .2rem 1rem .2rem 0 }
.legend b { border-radius: .2rem; font-weight: 600; padding: 0 .4rem }
.lanes { table-layout: fixed }
.lanes th, .lanes td { padding: 0 .6rem 0 0; vertical-align: middle }
.lanes th:first-child { width: 17rem } .lanes th:last-child, .outcome { width: 11rem }
.lanes .group th { padding-top: .8rem } .lanes tbody th { font-weight: 400 }
.lanes thead th:not(.bar) { font-weight: 400; color: var(--dim); vertical-align: bottom }
.outcome span { display: block }
.lanes td.outcome { background: none; padding-left: .2rem }
svg { display: block } svg text { fill: currentcolor; font-size: 12px; font-weight: 600 }
.lanes td svg text { paint-order: stroke; stroke: var(--ground); stroke-width: 4px }
.lanes thead svg text { fill: var(--dim); font-weight: 400 }
.lanes thead svg .finish { fill: var(--text); font-weight: 600 }
.grid { stroke: var(--line) } line.finish { stroke: var(--text); stroke-dasharray: 3 2 }
svg rect { fill: var(--ground) } svg .turn { fill: currentcolor }
svg .hatch { fill: url(#hatch) }
#hatch path { stroke: var(--bad); stroke-opacity: .35; stroke-width: 3 }
.mark path { fill: var(--text) }
.defs { height: 0; position: absolute; width: 0 }
details { margin: .4rem 0 } .words details { margin-left: 1.2rem } summary { cursor: pointer }
.said th, .said td { border-top: 1px solid var(--line) }
footer { border-top: 1px solid var(--line); font-size: .9rem; margin-top: 2.5rem }
%(states)s
@media (max-width: 48rem) {
  body { padding: 1rem } h1 { font-size: 1.6rem }
  dl { gap: .2rem .8rem }
  .lanes thead tr, .lanes tbody tr { display: grid; grid-template-columns: 1fr auto; gap: 0 .6rem }
  .lanes thead th:not(.bar) { display: none }
  .matrix { font-size: .8rem } .matrix tbody th { width: auto }
  .lanes .bar { grid-column: 1 / 3; grid-row: 2 } .lanes th, .lanes td { padding: 0 }
  .lanes th:first-child, .lanes th:last-child, .outcome { width: auto }
  .lanes tbody tr { margin-top: .4rem } .outcome { text-align: right }
  .said thead { display: none } .said tr { display: block; padding: .4rem 0 }
  .said th, .said td { border: 0; display: block; padding: 0 }
  .said tr { border-top: 1px solid var(--line) }
}
@media print {
  * { print-color-adjust: exact } body { max-width: none; padding: 0; font-size: 10pt }
  .scroll { max-height: none; overflow: visible } .scroll th { position: static }
  tr, li { break-inside: avoid }
}
"""

LIGHT = {
    "page": "#ffffff", "raised": "#f1f4f7", "text": "#1b2229", "dim": "#57616c", "line": "#d5dbe1",
    "good": "#146c37", "wait": "#8a5200", "bad": "#b01525",
}  # fmt: skip
DARK = {
    "page": "#12171d", "raised": "#1d242c", "text": "#e6ebf0", "dim": "#a3adb8", "line": "#38424d",
    "good": "#6fd596", "wait": "#f0bd62", "bad": "#ff9a9a",
}  # fmt: skip
"""Colours beside those of states; every one but ``line`` is read on ``page``."""


def sheet(verdict: str) -> str:
    """Return the style of a page whose verdict is ``good``, ``wait`` or ``bad``."""
    light = {**LIGHT, **inks("light")}
    dark = {**DARK, **inks("dark")}
    states = "\n".join(
        f".{look.state} {{ --ground: var(--{look.state}-ground); color: var(--{look.state});"
        " background: var(--ground) }"
        for look in LOOKS
    )
    head = f"--verdict: var(--{verdict}); "
    return SHEET % {"light": head + variables(light), "dark": variables(dark), "states": states}


def inks(scheme: str) -> dict[str, str]:
    """Return the colours of states in *scheme*, ``light`` or ``dark``."""
    found: dict[str, str] = {}
    for look in LOOKS:
        ink: Ink = look.light if scheme == "light" else look.dark
        found |= {look.state: ink.text, f"{look.state}-ground": ink.ground}
    return found


def variables(colours: dict[str, str]) -> str:
    """Return *colours* as custom properties."""
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())
