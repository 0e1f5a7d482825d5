"""What every test of faults may ask for."""

import os
from collections.abc import Iterator

import pytest

from tests.conftest import MISSING
from tests.lab import premises

from . import Faults, running
from .laboratory import PROGRAMS


@pytest.fixture(scope="session")
def faults(pytestconfig: pytest.Config) -> Iterator[Faults]:
    """The laboratory of faults, started by the first test that asks; see `tests.conftest.lab`."""
    if obstacle := premises.obstacle((*premises.PROGRAMS, *PROGRAMS)):
        pytestconfig.stash[MISSING] = obstacle
        if os.environ.get("CI") == "true":
            pytest.fail(f"no real servers: {obstacle}", pytrace=False)
        pytest.skip(f"no real servers: {obstacle}")
    with running() as faults:
        yield faults
