"""A browser, for tests of what a reader sees."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.picture.page import page
from pipeline.report import Report
from tests.conftest import MISSING

from .browser import Browser, Tab, browsing, obstacle


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """Chromium, started by the first test that asks.

    Skips where there is none; fails instead with CI=true, where nothing may be left out.
    """
    if why := obstacle():
        pytestconfig.stash[MISSING] = f"{pytestconfig.stash.get(MISSING, '')} {why}".strip()
        if os.environ.get("CI") == "true":
            pytest.fail(f"no browser: {why}", pytrace=False)
        pytest.skip(f"no browser: {why}")
    with browsing() as browser:
        yield browser


@pytest.fixture
def tab(browser: Browser) -> Tab:
    return browser.tab()


class Shown:
    """A report as a page in the browser."""

    def __init__(self, tab: Tab, folder: Path) -> None:
        self.tab = tab
        self._folder = folder

    def show(self, report: Report, width: int = 1200, scheme: str = "light") -> Tab:
        """Open *report* in a window *width* pixels wide, for a reader who likes *scheme*."""
        return self.show_text(page(report), width, scheme)

    def show_text(self, text: str, width: int = 1200, scheme: str = "light") -> Tab:
        path = self._folder / "report.html"
        path.write_text(text, encoding="utf-8")
        self.tab.shape(width, scheme=scheme)
        self.tab.open(path)
        return self.tab


@pytest.fixture
def shown(tab: Tab, tmp_path: Path) -> Shown:
    return Shown(tab, tmp_path)
