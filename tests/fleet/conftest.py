"""A site with three zones, and inventories for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dns.name import from_text

from tests.bridge import Site, opened

ZONES = [from_text(f"zone{at}.example.") for at in range(3)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Three zones on one name server; every order request makes a new order."""
    with opened(tmp_path, lags=(0.0,), apexes=ZONES, renews=True) as found:
        yield found
