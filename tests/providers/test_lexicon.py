"""dns-lexicon's providers, the real package: the contract, deadlines, and how hosts say no."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dns.name import Name, from_text

from pipeline.configuration import inventory
from pipeline.configuration.accounts import provider_settings
from pipeline.configuration.environment import Environment
from providers.contract import TXT, Provider, Zone
from providers.errors import Misconfigured, ProviderError, Rejected, Unauthorized, Unavailable
from providers.lexicon import ADAPTER, Lexicon, adapter, settings
from providers.testing import MARK, ProviderContract
from tests.documents import ROOT
from tests.standins.powerdns import KEY, PowerDns

APEX = from_text("example.com.")
ZONE = Zone(APEX, "example.com")
LEAF = from_text("_acme-challenge.example.com.")
REMOVAL = TXT(LEAF, "v")


@pytest.fixture
def host() -> Iterator[PowerDns]:
    with PowerDns("example.com.", "sub.example.com.") as host:
        yield host


def variables(host: PowerDns, **more: str) -> dict[str, str]:
    return {
        "LEXICON_PROVIDER": "powerdns",
        "LEXICON_ZONES": "example.com",
        "LEXICON_POWERDNS_PDNS_SERVER": host.url,
        "LEXICON_POWERDNS_AUTH_TOKEN": KEY,
        **more,
    }


def opened(host: PowerDns, **more: str) -> Lexicon:
    provider = ADAPTER.open(variables(host, **more))
    assert isinstance(provider, Lexicon)
    return provider


def failure(provider: Provider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        provider.append(ZONE, [TXT(LEAF, "v")], MARK)
    assert KEY not in f"{caught.value} {caught.value.hint}"
    return caught.value


class TestPowerDns(ProviderContract):
    """A host that replaces whole sets, and knows records by their content."""

    tells = True

    @pytest.fixture
    def provider(self, host: PowerDns) -> Provider:
        self.host = host
        return opened(host)

    def values(self, name: Name) -> set[str]:
        stored = self.host.sets.get((name.to_text().lower(), "TXT"), [])
        assert len(set(stored)) == len(stored)
        return {each.strip('"') for each in stored}

    def alias(self, name: Name) -> None:
        with self.host.lock:
            self.host.sets[name.to_text(), "CNAME"] = ["elsewhere.example.net."]
            self.host.ttls[name.to_text(), "CNAME"] = 60

    @pytest.mark.parametrize(("given", "ttl"), [({}, 77), ({"LEXICON_TTL": "300"}, 300)])
    def test_the_ttl(self, host: PowerDns, given: dict[str, str], ttl: int) -> None:
        """
        As asked for, unless the settings know better.
        """
        opened(host, **given).append(ZONE, [TXT(LEAF, "v", ttl=77)], MARK)
        assert host.ttls[LEAF.to_text(), "TXT"] == ttl


def test_the_zones_are_those_listed(host: PowerDns) -> None:
    """
    A parent beside its child; dns-lexicon cannot list zones, so without the setting nobody can.
    """
    found = opened(host, LEXICON_ZONES="Sub.example.com., example.com").zones(
        [from_text("_acme-challenge.sub.example.com.")]
    )
    assert {zone.apex for zone in found} == {APEX, from_text("sub.example.com.")}
    unlisted = opened(host, LEXICON_ZONES="")
    with pytest.raises(Misconfigured, match="LEXICON_ZONES is not set"):
        unlisted.zones([LEAF])
    unlisted.append(ZONE, [TXT(LEAF, "v")], MARK)  # one that the configuration names by its id


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((401, Unauthorized), (403, Unauthorized), (404, Rejected), (422, Rejected)),
        *((429, Unavailable), (500, Unavailable), (503, Unavailable)),
    ],
)
def test_how_a_host_says_no(host: PowerDns, status: int, kind: type[ProviderError]) -> None:
    """
    By what the caller can do; host, zone and status are named.
    """
    host.fail = status
    found = failure(opened(host))
    assert type(found) is kind
    assert "powerdns (by dns-lexicon) failed to open the zone example.com: " in str(found)
    assert str(status) in str(found)


def test_a_wrong_key_is_said_and_never_shown(host: PowerDns) -> None:
    """
    401 is for the user to mend.
    """
    found = failure(opened(host, LEXICON_POWERDNS_AUTH_TOKEN="wrong-key-7c1e"))
    assert isinstance(found, Unauthorized)
    assert "wrong-key" not in str(found)


def test_nobody_there(host: PowerDns) -> None:
    """
    A refused connection may work later, and nothing can have been written.
    """
    provider = opened(host, LEXICON_POWERDNS_PDNS_SERVER="http://127.0.0.1:1")
    found = failure(provider)
    assert (type(found), found.untouched) == (Unavailable, True)


def test_a_call_that_hangs_keeps_nobody(host: PowerDns, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    dns-lexicon sets no timeout: a server that never answers is given up all the same.
    """
    monkeypatch.setattr(adapter, "SECONDS", 1.5)
    provider = opened(host)
    host.hangs = True
    began = time.monotonic()
    found = failure(provider)
    assert time.monotonic() - began < 20
    assert isinstance(found, Unavailable)
    assert "has not ended to open the zone example.com within 1.5 s" in str(found)
    assert host.requests == ["GET"]


def test_missing_options_are_said(host: PowerDns) -> None:
    """
    Each provider of dns-lexicon fails in a way of its own without them; all are our 78.
    """
    given = variables(host)
    del given["LEXICON_POWERDNS_AUTH_TOKEN"]
    found = failure(ADAPTER.open(given))
    assert isinstance(found, Misconfigured)
    assert str(found) == "powerdns (by dns-lexicon) cannot begin: PowerDNSProviderError"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "LEXICON_PROVIDER is not set"),
        ("route53", "route53 is refused.*--provider route53"),
        ("cloudflare", "cloudflare is refused.*--provider cloudflare"),
        ("ddns", "ddns is refused.*--provider rfc2136"),
        ("auto", "auto is refused: it guesses.*name the provider"),
        ("duckdns", "duckdns is refused: it asks resolvers.*--provider exec"),
        ("x", "LEXICON_PROVIDER names no provider of dns-lexicon.*it has .*, gandi, "),
        ("base", "names no provider"),
        ("powerdn", "names no provider.*did you mean powerdns"),
        ("../os", "names no provider"),
        ("localzone", r"localzone lacks a package.*install dns-lexicon\[localzone\]"),
    ],
)
def test_which_providers(name: str, words: str) -> None:
    """
    Those of the package that have all they need, and no adapter of ours; others are answered.
    """
    with pytest.raises(Misconfigured) as caught:
        ADAPTER.open({"LEXICON_PROVIDER": name})
    assert re.search(words, f"{caught.value} [{caught.value.hint}]")


def test_no_provider_prints_or_logs() -> None:
    """
    What namecheap prints would be in the report; a warning would be on standard error.
    """
    script = """
from lexicon._private.providers import namecheap
if {quiet}:
    from providers.lexicon import settings
    settings.chosen({{"LEXICON_PROVIDER": "namecheap"}})
exec("print('Remote: 3'); LOGGER.error('a token')", vars(namecheap))
"""
    put_out = []
    for quiet in (False, True):
        words = [sys.executable, "-c", script.format(quiet=quiet)]
        done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)
        put_out.append((done.stdout, done.stderr))
    assert put_out == [("Remote: 3\n", "a token\n"), ("", "")]


def test_nobody_asks_resolvers_about_the_names() -> None:
    """
    Who looks names up, of those that are not refused? Nobody, in this version of the package.
    """
    import lexicon._private.providers as package

    asking = re.compile(r"dns\.(resolver|query|asyncresolver)|import resolver|getaddrinfo")
    paths = [path for folder in package.__path__ for path in Path(folder).glob("*.py")]
    assert len(paths) > 80
    found = {path.stem for path in paths if asking.search(path.read_text())}
    assert found <= set(settings.REFUSED)
    assert "duckdns" in found


def test_without_the_package_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The extra is named.
    """
    monkeypatch.setitem(sys.modules, "lexicon._private", None)
    with pytest.raises(Misconfigured, match="dns-lexicon is not installed") as caught:
        ADAPTER.open({"LEXICON_PROVIDER": "gandi"})
    assert "dns01[lexicon]" in caught.value.hint


@pytest.mark.parametrize("ttl", ["", "0", "-1", "1.5", "x", "²", "2147483648"])
def test_a_ttl_that_is_none(host: PowerDns, ttl: str) -> None:
    """
    Seconds, as DNS counts them.
    """
    with pytest.raises(Misconfigured, match="LEXICON_TTL is no number of seconds"):
        opened(host, LEXICON_TTL=ttl)


def test_credentials_do_not_travel_in_clear(host: PowerDns) -> None:
    """
    An address that is http is one on this machine.
    """
    with pytest.raises(Misconfigured, match="LEXICON_POWERDNS_PDNS_SERVER is http"):
        opened(host, LEXICON_POWERDNS_PDNS_SERVER="http://dns.example.net:8081")


def test_options_are_settings(host: PowerDns, tmp_path: Path) -> None:
    """
    Those of the provider that is named, from files as well; secrets are hidden, addresses are not.
    """
    path = tmp_path / "key"
    path.write_text(KEY)
    given = variables(
        host, LEXICON_POWERDNS_AUTH_TOKEN_FILE=str(path), LEXICON_GANDI_AUTH_TOKEN="other"
    )
    del given["LEXICON_POWERDNS_AUTH_TOKEN"]
    environment = Environment(given)
    found, handed = provider_settings("lexicon", {}, environment)
    assert handed == variables(host)
    found.open(handed).append(ZONE, [TXT(LEAF, "v")], MARK)
    assert host.sets[LEAF.to_text(), "TXT"] == ['"v"']
    assert environment.secrets.hide(f"{KEY} {host.url}") == f"*** {host.url}"
    line = inventory.line("lexicon", environment, {})
    present = {each.name for each in line.settings if each.present}
    assert (present, line.credentials) == (set(handed), True)
    assert "LEXICON_POWERDNS_PDNS_SERVER_ID" in {each.name for each in line.settings} - present


def test_every_provider_of_the_package_has_its_settings() -> None:
    """
    All of them, so that none is left out by how it declares them.
    """
    from lexicon._private.discovery import find_providers

    able = [name for name, ok in find_providers().items() if ok]
    names = [name for name in able if name not in settings.REFUSED]
    assert len(names) > 70
    for name in names:
        found = settings.further({"LEXICON_PROVIDER": name})
        assert found
        assert all(each.name.startswith(f"LEXICON_{name.upper()}_") for each in found)
        assert any(each.secret for each in found)
