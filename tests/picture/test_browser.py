"""The page as a reader's browser has it: harmless, whole, readable in every light and width."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from pipeline.picture.page import page
from pipeline.picture.style import DARK, LIGHT

from .conftest import Shown
from .samples import SAMPLES, record

pytestmark = pytest.mark.servers

WIDEST = """
[...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll") && !e.closest("svg") &&
  e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(e => e.outerHTML)
"""
"""What sticks out of the page, tables in boxes of their own aside."""


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_leaves_and_nothing_runs(shown: Shown, name: str) -> None:
    """
    The page asks for nothing but itself; no text in it becomes a script, an image or a frame.
    """
    tab = shown.show(SAMPLES[name])
    assert [url.rpartition("/")[2] for url in tab.requests] == ["report.html"]
    assert not tab.complaints
    assert tab.value("document.title").startswith("dns01: ")
    forbidden = "script,img,iframe,object,embed,link,form,a,base,use,image,foreignObject"
    assert tab.value(f"document.querySelectorAll('{forbidden}').length") == 0
    assert tab.value("document.querySelectorAll('main').length") == 1
    assert tab.value(
        "[...document.querySelectorAll('*')].every(e => "
        "[...e.attributes].every(a => !a.name.startsWith('on')))"
    )


@contextmanager
def stranger() -> Iterator[tuple[str, list[str]]]:
    """Run a web server that has nothing; yield its address, and what it was asked for."""
    asked: list[str] = []

    class Nothing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Nothing) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_the_policy_stops_what_slips_through(shown: Shown) -> None:
    """
    Were a text ever left unescaped, the browser would neither run nor fetch what is in it.
    """
    with stranger() as (there, asked):
        attack = (
            f"<script>document.title = 'owned'</script><link rel=stylesheet href='{there}/style'>"
            f"<img src='{there}/image'><iframe src='{there}/frame'></iframe>"
            f"<div style='background: url({there}/ground)'>x</div>"
        )
        attacked = page(SAMPLES["failed"]).replace("<main>", f"<main>{attack}")
        assert attack in attacked
        tab = shown.show_text(attacked)
        assert tab.value("document.title") == "dns01: Failed"
        assert asked == []
        tab = shown.show_text(attacked.replace("Content-Security-Policy", "X-Nothing"))
        assert tab.value("document.title") == "owned"  # so it is the policy that stops it
        assert {"/style", "/image", "/frame", "/ground"} <= set(asked)


@pytest.mark.parametrize(
    ("name", "width"), [*((name, 360) for name in SAMPLES), ("poisoned", 768), ("hostile", 1200)]
)
def test_the_page_is_as_wide_as_its_window(shown: Shown, name: str, width: int) -> None:
    """
    From a phone to a desk nobody scrolls the page sideways; wide tables scroll in their boxes.
    """
    tab = shown.show(SAMPLES[name], width)
    tab.value("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert tab.value("document.documentElement.scrollWidth") == width
    assert tab.value(WIDEST) == []


def test_facts_have_a_line_each(shown: Shown) -> None:
    """
    On a phone a fact and its name stand side by side, and the name is not broken.
    """
    tab = shown.show(SAMPLES["poisoned"], 360)
    assert tab.value(
        "(() => { const all = [...document.querySelectorAll('header dt')];"
        "return all.length > 2 && all.every(e => { const name = e.getBoundingClientRect();"
        "const fact = e.nextElementSibling.getBoundingClientRect();"
        "return name.top === fact.top && name.right <= fact.left; }) })()"
    )


def test_heads_stay_in_sight(shown: Shown) -> None:
    """
    In a table of a hundred names, scrolled both ways, the servers' and the names' heads stay.
    """
    tab = shown.show(SAMPLES["many"], 360)
    tab.value("document.querySelector('.scroll').scrollTo(400, 2000)")
    box, head, name, corner = (
        tab.value(f"JSON.stringify(document.querySelector('{each}').getBoundingClientRect())")
        for each in (".scroll", ".matrix thead", ".matrix tbody tr:nth-child(60) th", ".matrix th")
    )
    edge = {key: float(re.findall(f'"{key}":(-?[0-9.]+)', box)[0]) for key in ("top", "left")}
    for rectangle, key in ((head, "top"), (name, "left"), (corner, "left"), (corner, "top")):
        at = float(re.findall(f'"{key}":(-?[0-9.]+)', rectangle)[0])
        assert at - edge[key] == pytest.approx(0, abs=2)
    assert tab.value("document.querySelector('.scroll').scrollLeft") > 100


@pytest.mark.parametrize(("scheme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_the_reader_chooses_the_light(shown: Shown, scheme: str, colours: dict[str, str]) -> None:
    """
    The page follows the system's setting, down to the letters of a state.
    """
    tab = shown.show(SAMPLES["poisoned"], scheme=scheme)
    style = "getComputedStyle(document.{}).{}"
    assert rgb(tab.value(style.format("body", "backgroundColor"))) == colours["page"]
    assert rgb(tab.value(style.format("body", "color"))) == colours["text"]
    lights = {"light": "#8f1322", "dark": "#ffb3b3"}
    cell = "querySelector('.matrix td.absent')"
    assert rgb(tab.value(style.format(cell, "color"))) == lights[scheme]
    bar = "querySelector('svg.absent text')"
    assert rgb(tab.value(style.format(bar, "fill"))) == lights[scheme]


def rgb(colour: str) -> str:
    """Return a computed colour as ``#rrggbb``."""
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])


def test_the_bars_are_where_the_times_are(shown: Shown) -> None:
    """
    A server that turned at 3.6 of 6.6 s turns at that part of its bar, on a phone too.
    """
    for width in (360, 1200):
        tab = shown.show(SAMPLES["ready"], width)
        turn = tab.value(
            "(() => { const row = document.querySelectorAll('.lanes tbody tr')[3];"
            "const bar = row.querySelector('td.bar > svg').getBoundingClientRect();"
            "const box = row.querySelector('svg.confirmed').getBoundingClientRect();"
            "return (box.left - bar.left) / bar.width })()"
        )
        assert turn == pytest.approx(0.98 * 3.6 / 6.6, abs=0.005)


def test_the_last_moment_is_seen(shown: Shown) -> None:
    """
    A server that turned as the run ended has a box with room in the picture.
    """
    report = SAMPLES["ready"]
    late = replace(
        report.records[0].perspectives[0], confirmed_at_s=6.6, history=((6.6, "confirmed"),)
    )
    tab = shown.show(replace(report, records=(record("a.", (late,)),)))
    assert tab.value(
        "(() => { const bar = document.querySelector('td.bar > svg').getBoundingClientRect();"
        "const box = document.querySelector('svg.confirmed rect').getBoundingClientRect();"
        "return box.width >= 2 && box.right <= bar.right })()"
    )


def test_it_prints(shown: Shown, tmp_path: Path) -> None:
    """
    On paper, tables are whole: nothing is in a box that would have to be scrolled.
    """
    tab = shown.show(SAMPLES["many"])
    tab.shape(700, media="print")
    assert tab.value(
        "[...document.querySelectorAll('.scroll')].every(e => e.scrollHeight <= e.clientHeight + 2)"
    )
    tab.print(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
