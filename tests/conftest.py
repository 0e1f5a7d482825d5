"""What every test may ask for."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from .lab import Lab, premises, running

MISSING = pytest.StashKey[str]()

# No property is about speed: a machine that is busy may take its time for an example.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def lab(pytestconfig: pytest.Config) -> Iterator[Lab]:
    """Real servers on loopback, started by the first test that asks.

    Skips where they cannot run; fails instead with CI=true, where nothing may be left out.
    """
    if obstacle := premises.obstacle():
        pytestconfig.stash[MISSING] = obstacle
        if os.environ.get("CI") == "true":
            pytest.fail(f"no real servers: {obstacle}", pytrace=False)
        pytest.skip(f"no real servers: {obstacle}")
    with running() as lab:
        yield lab


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that everybody on this machine can enter; pytest's own lets nobody in."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(autouse=True)
def own_budgets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test spend the requests of another, or of somebody who works on this machine."""
    folder = tmp_path_factory.getbasetemp() / f"shared-{secrets.token_hex(4)}"
    monkeypatch.setenv("DNS01_SHARED_DIR", str(folder))  # made when it is needed


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Say last, after pytest's own last line, that the real servers were left out."""
    obstacle = config.stash.get(MISSING, "")
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if obstacle and terminal:
        terminal.write_line(f"NOT RUN: the real-server tier. {obstacle}")
