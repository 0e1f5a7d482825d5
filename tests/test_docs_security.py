"""The security page names tests that exist, for every promise."""

import re

from .documents import ROOT, quoted, rows

PAGE = ROOT / "SECURITY.md"


def test_every_promise_names_its_tests() -> None:
    """
    A promise without a test is a wish; a test that is named is there.
    """
    promises = list(rows(PAGE, "promise"))
    assert len(promises) >= 10
    for promise, _, tested in promises:
        files = quoted(tested)
        assert files, promise
        assert not [file for file in files if not (ROOT / file).exists()], promise


def test_every_path_on_the_page_exists() -> None:
    """
    Wherever it stands.
    """
    paths = re.findall(r"`((?:tests|providers|pipeline|docs)/[^`]*)`", PAGE.read_text())
    assert paths
    assert not [path for path in paths if not (ROOT / path).exists()]
