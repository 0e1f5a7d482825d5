"""Where an inventory comes from."""

from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from pipeline.fleet.source import certificates
from pipeline.model import Failed

LATIN = "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example"


def piped(body: bytes) -> TextIOWrapper:
    """Return *body* as standard input in the locale C."""
    return TextIOWrapper(BytesIO(body), encoding="ascii", errors="surrogateescape")


@pytest.mark.parametrize("suffix", ["csv", "txt", "json"])
def test_it_is_utf8(tmp_path: Path, suffix: str) -> None:
    """
    Whatever the locale; another encoding is told as such, of a file and of a pipe.
    """
    path = tmp_path / f"fleet.{suffix}"
    text = f'["{LATIN}"]' if suffix == "json" else f"name\n{LATIN}\n"
    path.write_text(text, encoding="latin-1")
    for where in (str(path), "-"):
        with pytest.raises(Failed, match="is not in UTF-8") as failed:
            list(certificates(where, piped(path.read_bytes())))
        assert failed.value.exit == 65
    path.write_text(text, encoding="utf-8-sig")
    for where in (str(path), "-"):
        found = list(certificates(where, piped(path.read_bytes())))
        assert [each.name for each in found] == [LATIN]
