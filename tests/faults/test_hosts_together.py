"""One zone at two hosts, with an account of its own for each: values are written at both."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import Faults
from . import topology as at
from .bench import Bench
from .test_verdicts import UP, digest

pytestmark = pytest.mark.servers

DOMAIN = "together.half.test"
NAME = f"_acme-challenge.{DOMAIN}."
CONFIGURATION = """
[providers.one]
adapter = "rfc2136"
RFC2136_NAMESERVER = "{one}"
RFC2136_TSIG_KEY = "{key}"
RFC2136_TSIG_SECRET_ENV = "ONES_SECRET"

[providers.two]
adapter = "rfc2136"
RFC2136_NAMESERVER = "{two}"
RFC2136_TSIG_KEY = "{key}"
RFC2136_TSIG_SECRET_FILE = "{secret}"

[zones."half.test"]
provider = ["one", "two"]
"""


@pytest.fixture
def configuration(faults: Faults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Accounts at both hosts; one secret in a variable, the other in a file."""
    key = faults.keys.all
    secret, path = tmp_path / "secret", tmp_path / "config.toml"
    secret.write_text(key.secret)
    monkeypatch.setenv("ONES_SECRET", key.secret)
    path.write_text(CONFIGURATION.format(one=at.PRIMARY, two=at.OTHER, key=key.name, secret=secret))
    return path


@pytest.fixture
def value(faults: Faults) -> Iterator[str]:
    yield digest()
    for address in (at.PRIMARY, at.OTHER):
        faults.publish("half.test.", NAME, [], address)


def test_values_are_written_at_both(
    faults: Faults, tmp_path: Path, configuration: Path, value: str
) -> None:
    """
    Ready, with a strict validator's consent, in one record for the value; clean removes it at both.
    """
    bench = Bench(faults, tmp_path)
    bench.variables = {"ONES_SECRET": faults.keys.all.secret, "RFC2136_NAMESERVER": ""}
    outcome = bench.ready(DOMAIN, value, "--config", str(configuration), provider="")
    assert (outcome.exit, list(outcome.objections)) == (UP, []), outcome.problems
    [record] = outcome.report["records"]
    assert (record["provider"], outcome.report["api_calls"]) == ("one,two", 2)
    assert all(faults.txt(address, NAME) == {value} for address in (at.PRIMARY, at.OTHER))
    cleaned = bench.run(["clean", "--all", "--config", str(configuration)])
    assert cleaned.exit == UP, cleaned.problems
    assert not any(faults.txt(address, NAME) for address in (at.PRIMARY, at.OTHER))


def test_one_host_alone_is_not_enough(
    faults: Faults, tmp_path: Path, configuration: Path, value: str
) -> None:
    """
    The other host's server denies the value, and the report says whose server that is.
    """
    bench = Bench(faults, tmp_path)
    bench.variables = {"ONES_SECRET": faults.keys.all.secret}
    words = ("--config", str(configuration), "--timeout", "8s")
    outcome = bench.ready(DOMAIN, value, *words, provider="one")
    assert outcome.exit == 75, outcome.problems
    assert at.OTHER in outcome.problems
    bench.run(["clean", "--all", "--config", str(configuration)])
    assert json.dumps(outcome.report).count(faults.keys.all.secret) == 0
