"""acme-dns: the contract as far as the protocol goes, and what it does where that ends."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from dns.name import Name, from_text

from providers import errors
from providers.acmedns import ADAPTER, AcmeDns
from providers.contract import TXT, Change, Entrusted, Provider, Zone
from providers.posting import Posts
from providers.testing import MARK, ProviderContract
from tests.bridge import leaf, opened
from tests.standins.small_hosts import AcmeDnsHost

APEX = from_text("auth.example.org.")
ZONE = Zone(APEX, "auth.example.org")
ID, OTHER = "d420c923-bbd7-4056-ab64-c3ca54c9b3cf", "00000000-1111-2222-3333-444444444444"
NAME = from_text(f"{ID}.auth.example.org.")
A, B, C = ("a" * 43, "b" * 43, "c" * 43)


@pytest.fixture
def host() -> Iterator[AcmeDnsHost]:
    with AcmeDnsHost(accounts={ID: ("u1", "geheim1"), OTHER: ("u2", "geheim2")}) as host:
        yield host


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.json"
    path.write_text(
        json.dumps(
            {
                f"{number}.example.com": {
                    "fulldomain": f"{subdomain}.AUTH.example.org",
                    "subdomain": subdomain,
                    "username": f"u{number}",
                    "password": f"geheim{number}",
                    "server_url": "ignored",
                }
                for number, subdomain in ((1, ID), (2, OTHER))
            }
        )
    )
    return path


def opening(host: AcmeDnsHost, storage: Path) -> Provider:
    return ADAPTER.open({"ACME_DNS_API_BASE": host.url, "ACME_DNS_STORAGE_PATH": str(storage)})


@pytest.fixture
def provider(host: AcmeDnsHost, storage: Path) -> Provider:
    return opening(host, storage)


def worded(records: Sequence[TXT]) -> list[TXT]:
    """Return *records* with the contract's words as values that the server takes."""
    return [TXT(each.name, f"{each.value:-<43}", each.ttl) for each in records]


class Worded(AcmeDns):
    """The provider, for the words of the contract."""

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        return super().append(zone, worded(records), mark)

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        return super().delete(zone, worded(records))


class TestContract(ProviderContract):
    """What the protocol can keep; what it cannot is tested below for what happens instead."""

    apex = APEX

    @pytest.fixture
    def name(self) -> Name:
        return NAME

    @pytest.fixture(autouse=True)
    def _host(self, host: AcmeDnsHost) -> None:
        self.host = host

    @pytest.fixture
    def provider(self, host: AcmeDnsHost, storage: Path) -> Provider:
        return Worded(Posts("ACME_DNS_API_BASE", host.url), storage)

    def values(self, name: Name) -> set[str]:
        return {value.rstrip("-") for value in self.host.values.get(name.labels[0].decode(), [])}


BEYOND = {
    "two values at a name": (
        *("append_keeps_neighbours", "values_are_compared_exactly"),
        *("concurrent_appends_all_survive", "concurrent_deletes_spare_the_rest"),
    ),
    "names of accounts only": ("many_names_in_one_call", "concurrent_callers_fail_alone"),
    "no request to remove": (
        *("delete_removes_exactly_that_value", "delete_of_the_absent_is_silent"),
        "names_are_compared_without_case",
    ),
    "nothing but TXT": ("a_cname_in_the_way_is_said",),
}
"""Why some promises of the contract cannot be put to the test in its own words, and which."""

for each in (promise for promises in BEYOND.values() for promise in promises):
    assert hasattr(ProviderContract, f"test_{each}")
    setattr(TestContract, f"test_{each}", None)


def test_both_values_of_a_name_and_its_wildcard_are_there(
    provider: Provider, host: AcmeDnsHost
) -> None:
    """
    Two at once, and again: whatever was there before, both are there afterwards.
    """
    host.values[ID] = [C, C]
    for _ in range(2):
        change = provider.append(ZONE, [TXT(NAME, A), TXT(NAME, B), TXT(NAME, A)], MARK)
        assert set(host.values[ID]) == {A, B}
        assert change.written is None
    assert provider.api_calls == len(host.requests) == 4


def test_names_are_compared_without_case(provider: Provider, host: AcmeDnsHost) -> None:
    """
    DNS names ignore case (RFC 4343), those in the file of accounts as well.
    """
    provider.append(ZONE, [TXT(from_text(NAME.to_text().upper()), A)], MARK)
    assert host.values == {ID: [A]}


def test_each_account_writes_its_own_name(provider: Provider, host: AcmeDnsHost) -> None:
    """
    Names of several accounts may be in one call.
    """
    other = from_text(f"{OTHER}.auth.example.org.")
    provider.append(ZONE, [TXT(NAME, A), TXT(other, B)], MARK)
    assert host.values == {ID: [A], OTHER: [B]}


@pytest.mark.parametrize(
    ("records", "word"),
    [
        ([TXT(NAME, A), TXT(NAME, B), TXT(NAME, C)], "keeps 2 values"),
        ([TXT(NAME, A), TXT(NAME, "short")], "43 base64url"),
        ([TXT(NAME, A), TXT(NAME, "ä" * 43)], "43 base64url"),
        ([TXT(NAME, A), TXT(from_text("x.auth.example.org."), B)], "no account"),
    ],
)
def test_what_the_server_has_no_room_for_is_refused_whole(
    provider: Provider, host: AcmeDnsHost, records: list[TXT], word: str
) -> None:
    """
    Before anything is sent: the server would take a third value, and drop the first.
    """
    with pytest.raises(errors.Rejected, match=word):
        provider.append(ZONE, records, MARK)
    assert not host.requests


@pytest.mark.parametrize(
    ("answers", "untouched"), [([(400, "")], True), ([None, (400, "")], False)]
)
def test_only_a_first_refusal_is_all_there_is(
    provider: Provider,
    host: AcmeDnsHost,
    answers: list[tuple[int, object] | None],
    untouched: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """
    What was taken before it is in DNS.
    """
    host.before = lambda _path: answers.pop(0)
    with pytest.raises(errors.Rejected) as caught:
        provider.append(ZONE, [TXT(NAME, A), TXT(NAME, B)], MARK)
    assert caught.value.untouched is untouched


def test_a_delete_changes_nothing(provider: Provider, host: AcmeDnsHost) -> None:
    """
    The protocol has no word for it, and a made-up value would push out somebody's.
    """
    provider.append(ZONE, [TXT(NAME, A)], MARK)
    before = len(host.requests)
    provider.delete(ZONE, [TXT(NAME, A), TXT(NAME, B)])
    assert host.values == {ID: [A]}
    assert len(host.requests) == before


def test_refused_credentials_are_told_without_them(
    provider: Provider, host: AcmeDnsHost, storage: Path
) -> None:
    """
    401 is a matter of the file, which is named; what is in it is a secret to whoever shows things.
    """
    host.accounts[ID] = ("u1", "changed")
    with pytest.raises(errors.Unauthorized, match="forbidden") as caught:
        provider.append(ZONE, [TXT(NAME, A)], MARK)
    assert str(storage) in caught.value.hint
    assert "geheim" not in str(caught.value) + caught.value.hint
    assert isinstance(provider, Entrusted)
    assert set(provider.entrusted()) == {"geheim1", "geheim2"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((400, {"error": "bad_txt"}), errors.Rejected),
        ((500, {"error": "db_error"}), errors.Unavailable),
    ],
)
def test_the_servers_own_words_are_shown(
    provider: Provider, host: AcmeDnsHost, answer: tuple[int, object], kind: type[Exception]
) -> None:
    """
    Its errors are codes that its documentation explains.
    """
    host.before = lambda _path: answer
    with pytest.raises(kind, match=r"bad_txt|db_error"):
        provider.append(ZONE, [TXT(NAME, A)], MARK)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "[1]",
        '{"a": 1}',
        '{"a": {"fulldomain": "x.y.z"}}',
        '{"a": {"fulldomain": "x", "subdomain": "x", "username": "u", "password": "p"}}',
        '{"a": {"fulldomain": "x.y", "subdomain": "x", "username": "u\\n", "password": "p"}}',
        '{"a": {"fulldomain": "x..y", "subdomain": "x", "username": "u", "password": "p"}}',
    ],
)
def test_a_file_that_holds_no_accounts_is_refused(
    host: AcmeDnsHost, storage: Path, content: str
) -> None:
    """
    When it is opened: an order costs. The file is named; what is in it is not shown, for it may be
    a secret of another kind.
    """
    storage.write_text(content)
    with pytest.raises(errors.Misconfigured, match="ACME_DNS_STORAGE_PATH") as caught:
        opening(host, storage)
    assert not content or content not in str(caught.value)
    assert not host.requests


def test_a_file_that_everybody_can_write_to_is_refused(host: AcmeDnsHost, storage: Path) -> None:
    """
    Whoever put an account there would have values written where they want.
    """
    storage.chmod(0o666)
    with pytest.raises(errors.Misconfigured, match="everybody"):
        opening(host, storage)
    storage.unlink()
    with pytest.raises(errors.Misconfigured, match="no such file"):
        opening(host, storage)


def test_the_file_is_read_once(provider: Provider, host: AcmeDnsHost, storage: Path) -> None:
    """
    What has been opened does not change under way, and its secrets are known from the beginning.
    """
    storage.unlink()
    assert isinstance(provider, Entrusted)
    assert set(provider.entrusted()) == {"geheim1", "geheim2"}
    provider.append(ZONE, [TXT(NAME, A)], MARK)
    assert host.values == {ID: [A]}


@pytest.mark.parametrize("missing", ["ACME_DNS_API_BASE", "ACME_DNS_STORAGE_PATH"])
def test_both_settings_are_needed(missing: str, host: AcmeDnsHost) -> None:
    """
    Without one of them there is no provider, and the message names it.
    """
    given = {"ACME_DNS_API_BASE": host.url, "ACME_DNS_STORAGE_PATH": "/nowhere"}
    with pytest.raises(errors.Misconfigured, match=missing):
        ADAPTER.open({name: value for name, value in given.items() if name != missing})


def test_a_challenge_that_leads_to_an_account_gets_ready(
    host: AcmeDnsHost, storage: Path, tmp_path: Path
) -> None:
    """
    The pipeline follows the CNAME, writes at the account, and confirms what stands there; `clean`
    strikes it from the receipt, and it stays in DNS. Without a CNAME there is no zone.
    """
    folder = tmp_path / "site"
    folder.mkdir()
    with opened(folder, lags=[0.0], apexes=[from_text("example.com."), APEX]) as site:

        def show(subdomain: str, values: list[str]) -> None:
            name = from_text(f"{subdomain}.auth.example.org.")
            gone = site.dns.values(name) - set(values)
            site.dns.append(ZONE, [TXT(name, value) for value in values], "")
            site.dns.delete(ZONE, [TXT(name, value) for value in gone])

        host.shows = show
        site.dns.alias(leaf("www.example.com"), NAME)
        account = {"ACME_DNS_API_BASE": host.url, "ACME_DNS_STORAGE_PATH": str(storage)}
        bridge = {"BRIDGE_TOKEN": "", "BRIDGE_URL": ""}
        report = site.report("ready", "--from", site.document(), **account, **bridge)
        assert report["status"] == "ready", report
        [record] = report["records"]
        assert (record["target"], record["provider"]) == (NAME.to_text(), "acme-dns")
        assert site.dns01("clean", "--all", **account).returncode == 0
        assert site.dns.values(NAME) == {"v" * 43}
        without = site.document("other.example.com")
        ended = site.dns01("ready", "--from", without, "--provider", "acme-dns", **account)
        assert (ended.returncode, "no hosted zone" in ended.stderr) == (78, True)
        assert "geheim" not in ended.stderr
