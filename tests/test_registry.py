"""Adapters are found by entry point, ours and other people's."""

import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.configuration import registry
from pipeline.model import Exit, Failed
from providers.contract import Adapter, Setting
from tests.standins.third_party import ADAPTER, install

PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
OURS = sorted(PROJECT["entry-points"]["dns01.providers"])

MODULE = "third_party_acmedns"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder where packages are installed."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop(MODULE, None)


def present(*names: str) -> Callable[[str], object]:
    return set(names).__contains__


def able(*names: str) -> list[str]:
    """Return who may be chosen unnamed where these variables are set."""
    return [each.name for each in registry.candidates(present(*names)) if each.has_credentials]


def test_ours_are_installed() -> None:
    """By name, in order, and usable."""
    assert [name for name in registry.installed() if name in OURS] == OURS
    assert all(isinstance(registry.load(name), Adapter) for name in OURS)


def test_ours_are_known_without_a_search() -> None:
    """Those that the package declares, no more and no fewer: a search costs a tenth of a run."""
    declared = PROJECT["entry-points"][registry.GROUP]
    assert {name: point.value for name, point in registry.OURS.items()} == declared


def test_finding_adapters_imports_none(site: Path) -> None:
    """A broken package nobody uses does not stand in the way of the list."""
    install(site, MODULE, "raise RuntimeError('imported')")
    assert "acmedns" in registry.installed()
    assert MODULE not in sys.modules


def test_nobody_takes_the_place_of_ours(site: Path) -> None:
    """A package that calls itself route53 gets no credentials for Route 53."""
    install(site, MODULE)
    [points] = site.glob("*/entry_points.txt")
    points.write_text(points.read_text().replace("acmedns =", "route53 ="))
    assert registry.installed()["route53"] == registry.OURS["route53"]
    assert registry.load("route53").settings
    assert MODULE not in sys.modules


def test_a_third_partys_adapter_is_one_of_us(site: Path) -> None:
    """Installing a package is all it takes: it is listed, loaded, opened and detected."""
    install(site, MODULE)
    assert [*registry.installed()] == sorted(["acmedns", *OURS])
    adapter = registry.load("acmedns")
    assert adapter.settings[1] == Setting("ACME_DNS_PASSWORD", "password", secret=True)
    opened: object = adapter.open({"ACME_DNS_USER": "u"})
    assert opened == {"ACME_DNS_USER": "u"}
    assert able("ACME_DNS_USER", "ACME_DNS_PASSWORD") == ["acmedns"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("route35", "did you mean route53?"),
        ("cloudfare", "did you mean cloudflare?"),
        ("zzz", f"installed: {', '.join(OURS)}"),
        ("", "installed: "),
        ("\x1b[31mroute53\x07", "did you mean route53?"),
    ],
)
def test_an_unknown_name_is_answered(name: str, hint: str) -> None:
    """Exit 78, with the nearest name or all of them; what was typed is shown harmless."""
    with pytest.raises(Failed, match=r"^no provider is called '") as caught:
        registry.load(name)
    assert caught.value.exit is Exit.CONFIG
    assert caught.value.problem.hint.startswith(hint)
    assert str(caught.value).isprintable()


BROKEN = {
    "raise RuntimeError('no \\x1b[31mlicence')": "RuntimeError: no licence",
    "import a_module_that_is_missing": "ModuleNotFoundError: No module named 'a_module_that",
    "def broken(:": "SyntaxError: ",
    "ADAPTERS = ()": "AttributeError: ",
    "ADAPTER = {'settings': ()}": "third_party_acmedns:ADAPTER is not a providers.contract.Adapter",
}


@pytest.mark.parametrize("source", BROKEN)
def test_a_broken_adapter_is_named(site: Path, source: str) -> None:
    """Whatever importing it raises, whatever it is instead: exit 78, with its origin."""
    install(site, MODULE, source)
    with pytest.raises(Failed) as caught:
        registry.load("acmedns")
    assert caught.value.exit is Exit.CONFIG
    assert BROKEN[source] in str(caught.value)
    assert "third_party_acmedns:ADAPTER" in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_broken_adapter_nobody_chose_is_no_obstacle(site: Path) -> None:
    """Detection goes on without it."""
    install(site, MODULE, "raise RuntimeError")
    assert able("CLOUDFLARE_API_TOKEN") == ["cloudflare"]


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        ([], []),
        (["AWS_ACCESS_KEY_ID"], []),
        (["AWS_ROLE_ARN", "RFC2136_TSIG_KEY", "CLOUDFLARE_BASE_URL"], []),
        (["CF_ZONE_API_TOKEN"], []),
        (["CLOUDFLARE_API_TOKEN"], ["cloudflare"]),
        (["CF_DNS_API_TOKEN"], ["cloudflare"]),
        (["CLOUDFLARE_API_TOKEN", "CF_DNS_API_TOKEN", "CF_ZONE_API_TOKEN"], ["cloudflare"]),
        (["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], ["route53"]),
        (["AWS_PROFILE", "CF_ZONE_API_TOKEN"], ["route53"]),
        (["RFC2136_NAMESERVER"], ["rfc2136"]),
        (["CF_DNS_API_TOKEN", "AWS_PROFILE"], ["cloudflare", "route53"]),
    ],
)
def test_who_has_credentials(variables: list[str], names: list[str]) -> None:
    """A complete group of an adapter, however many of its groups, and nothing less."""
    assert able(*variables) == names


def test_who_waits_to_be_named_is_no_candidate(site: Path) -> None:
    """Whatever stands in the environment."""
    source = ADAPTER.replace("open=", "named_only=True, open=")
    install(site, MODULE, source)
    found = registry.candidates(present("ACME_DNS_USER", "ACME_DNS_PASSWORD"))
    assert "acmedns" not in [each.name for each in found]
    assert "acmedns" in registry.installed()


def test_an_unreadable_credential_is_said() -> None:
    """A secret's file that is not there is the answer, not "no credentials"."""

    def is_set(name: str) -> str | None:
        if name == "CLOUDFLARE_API_TOKEN":
            raise Failed(Exit.CONFIG, "configuration", "CLOUDFLARE_API_TOKEN_FILE: no such file")
        return None

    with pytest.raises(Failed, match="CLOUDFLARE_API_TOKEN_FILE: no such file"):
        registry.candidates(is_set)
