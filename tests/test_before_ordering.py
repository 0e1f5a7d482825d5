"""An order counts against a quota: it is asked for once something could be written at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .bridge import CANARY, Site, opened

NAME = "www.example.com"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0]) as site:
        yield site


def configure(site: Site) -> None:
    """Have an account serve the zones, and name another provider for a zone of somebody else's."""
    path = site.folder / "dns01.toml"
    text = path.read_text().replace('."]\n', '."]\nprovider = "work"\n')
    account = f'adapter = "bridge"\nBRIDGE_URL = "{site.bridge.url}"\nBRIDGE_TOKEN_ENV = "WORK"\n'
    other = '[zones."example.net"]\nprovider = "cloudflare"\n'
    path.write_text(f"{text}{other}[providers.work]\n{account}")


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


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"BRIDGE_TOKEN_FILE": "/nowhere/token"}, "BRIDGE_TOKEN_FILE"),
        ({"RFC2136_NAMESERVER": "[::1]", "RFC2136_TSIG_SECRET": "not base64!"}, "TSIG_SECRET"),
        ({"CLOUDFLARE_API_TOKEN": "t", "CLOUDFLARE_BASE_URL": "http://example.com"}, "BASE_URL"),
        ({"LEXICON_PROVIDER": "gandii"}, "LEXICON_PROVIDER"),
        ({"DNS01_PROVIDER": "exec", "EXEC_PATH": "/nowhere", "EXEC_ZONES": "a.test"}, "EXEC_PATH"),
        (
            {
                "ACME_DNS_API_BASE": "https://acme-dns.example",
                "ACME_DNS_STORAGE_PATH": "/nowhere/accounts.json",
            },
            "/nowhere",
        ),
    ],
)
def test_no_order_with_settings_that_cannot_do(
    site: Site, variables: dict[str, str], told: str
) -> None:
    """
    The one provider with credentials cannot be opened with them: 78 and why, no request.
    """
    result = site.dns01("ready", NAME, **{"BRIDGE_TOKEN": "", **variables})
    assert (result.returncode, site.orders.requests) == (78, 0)
    assert told in result.stderr


def test_one_of_the_configuration_must_do(site: Site) -> None:
    """
    No provider or account of a zone has its credentials: 78, no request. A file that many jobs
    share names some that this job has none of: those of one are enough.
    """
    configure(site)
    result = site.dns01("ready", NAME, BRIDGE_TOKEN="", BRIDGE_URL="")
    assert (result.returncode, site.orders.requests) == (78, 0)
    assert "WORK" in result.stderr
    variables = {"BRIDGE_TOKEN": "", "BRIDGE_URL": "", "WORK": f"{CANARY}-work"}
    assert site.dns01("ready", NAME, **variables).returncode == 0
    assert site.orders.requests == 1


def test_a_document_costs_nothing(site: Site) -> None:
    """
    What it asks for may need no provider at all, so it is read first.
    """
    document = site.document(NAME)
    result = site.dns01("plan", "--from", document, BRIDGE_TOKEN="")
    assert (result.returncode, "no provider is chosen" in result.stderr) == (78, True)
