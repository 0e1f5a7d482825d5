"""An order counts against a quota: it is asked for once something could be written at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .bridge import Site, opened

NAME = "www.example.com"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0]) as site:
        yield site


def configure(site: Site, *, of_zones: str, table: str = "") -> None:
    """Name the provider of each zone; *table* comes last."""
    path = site.folder / "dns01.toml"
    path.write_text(path.read_text().replace('."]\n', f'."]\nprovider = "{of_zones}"\n') + table)


@pytest.mark.parametrize("words", [("ready",), ("plan",), ("run",)])
@pytest.mark.parametrize(
    ("options", "variables"),
    [
        ((), {"BRIDGE_TOKEN": ""}),
        (("--provider", "bridge"), {"BRIDGE_TOKEN": ""}),
        ((), {"BRIDGE_TOKEN": "", "DNS01_PROVIDER": "bridge"}),
        (("--provider", "bridge", "--provider", "cloudflare"), {}),
    ],
    ids=["nobody is meant", "the flag", "the variable", "one of two"],
)
def test_no_order_without_credentials(
    site: Site, words: tuple[str, ...], options: tuple[str, ...], variables: dict[str, str]
) -> None:
    """
    Nobody named and no credentials, or those of a provider named are not there: 78, no request.
    """
    command = ("--", "true") if words == ("run",) else ()
    result = site.dns01(*words, NAME, *options, *command, **variables)
    assert (result.returncode, site.orders.requests) == (78, 0)


def test_no_order_without_credentials_of_the_zones(site: Site) -> None:
    """
    The configuration names who serves which zone, or an account; none of them has credentials.
    """
    configure(site, of_zones="work", table='[accounts.work]\nprovider = "bridge"\n')
    result = site.dns01("ready", NAME, BRIDGE_TOKEN="")
    assert (result.returncode, site.orders.requests) == (78, 0)


def test_credentials_of_other_zones_are_not_wanted(site: Site) -> None:
    """
    A configuration that many jobs share names providers that this one has no credentials of.
    """
    path = site.folder / "dns01.toml"
    path.write_text(path.read_text() + '[zones."example.net"]\nprovider = "cloudflare"\n')
    assert site.dns01("ready", NAME).returncode == 0
    assert site.orders.requests == 1


def test_a_document_costs_nothing(site: Site) -> None:
    """
    What it asks for may need no provider at all, so it is read first.
    """
    document = site.document(NAME)
    result = site.dns01("plan", "--from", document, BRIDGE_TOKEN="")
    assert (result.returncode, "no provider is chosen" in result.stderr) == (78, True)
