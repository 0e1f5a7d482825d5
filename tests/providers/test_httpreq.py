"""Servers of lego's httpreq protocol: the contract, what answers mean, what is refused."""

from base64 import b64encode
from collections.abc import Iterator, Mapping

import pytest
from dns.name import Name, from_text

from providers import errors
from providers.contract import TXT, Entrusted, Provider, Zone
from providers.httpreq import ADAPTER, Httpreq
from providers.posting import Posts
from providers.testing import MARK, ProviderContract
from tests.standins.small_hosts import HttpreqHost

ZONE = Zone(from_text("example.com."), "example.com")
LEAF = from_text("_acme-challenge.example.com.")
ZONES = "example.com, example.org"


@pytest.fixture
def host() -> Iterator[HttpreqHost]:
    with HttpreqHost(login="lego:geheim") as host:
        yield host


def settings(host: HttpreqHost, **more: str) -> Mapping[str, str]:
    given = {
        "HTTPREQ_ENDPOINT": f"{host.url}/dns/",
        "HTTPREQ_ZONES": ZONES,
        "HTTPREQ_USERNAME": "lego",
        "HTTPREQ_PASSWORD": "geheim",
    } | more
    return {name: value for name, value in given.items() if value}


class TestContract(ProviderContract):
    @pytest.fixture(autouse=True)
    def _host(self, host: HttpreqHost) -> None:
        self.host = host

    @pytest.fixture
    def provider(self, host: HttpreqHost) -> Provider:
        return ADAPTER.open(settings(host))

    def values(self, name: Name) -> set[str]:
        return self.host.values.get(name.to_text().lower(), set())

    def alias(self, name: Name) -> None:
        self.host.aliases.add(name.to_text())


@pytest.mark.parametrize(
    ("answer", "kind", "times"),
    [
        ((401, {"error": "who"}), errors.Unauthorized, 1),
        ((403, {"error": "not you"}), errors.Unauthorized, 1),
        ((404, "<html>"), errors.Misconfigured, 1),
        ((302, ""), errors.Misconfigured, 1),
        ((400, {"error": "no such value"}), errors.Rejected, 1),
        ((500, "oops"), errors.Unavailable, 1),
        ((503, {"error": "busy"}), errors.Unavailable, 3),
        ((429, ""), errors.Unavailable, 3),
    ],
)
def test_each_answer_means_what_can_be_done_about_it(
    host: HttpreqHost, answer: tuple[int, object], kind: type[errors.ProviderError], times: int
) -> None:
    """
    The reason is shown, the password never is; only what may pass is tried again, twice.
    """
    host.before = lambda _path: answer
    provider = Httpreq(Posts("HTTPREQ_ENDPOINT", f"{host.url}/dns", lambda _s: None), [ZONE])
    with pytest.raises(errors.ProviderError) as caught:
        provider.append(ZONE, [TXT(LEAF, "v")], MARK)
    assert type(caught.value) is kind
    said = answer[1]["error"] if isinstance(answer[1], dict) else ""
    assert said in str(caught.value)
    assert len(host.requests) == provider.api_calls == times
    assert caught.value.untouched is (kind is not errors.Unavailable)


@pytest.mark.parametrize(
    ("answers", "values"),
    [([(503, ""), (401, "")], ["v"]), ([(200, ""), (400, "")], ["v", "w"])],
)
def test_a_refusal_that_comes_late_says_nothing(
    host: HttpreqHost, answers: list[tuple[int, object]], values: list[str]
) -> None:
    """
    Only if a no is all that ever came, nothing can have been done.
    """
    host.before = lambda _path: answers.pop(0)
    provider = Httpreq(Posts("HTTPREQ_ENDPOINT", f"{host.url}/dns", lambda _s: None), [ZONE])
    with pytest.raises(errors.ProviderError) as caught:
        provider.append(ZONE, [TXT(LEAF, value) for value in values], MARK)
    assert not isinstance(caught.value, errors.Unavailable)
    assert not caught.value.untouched
    assert not answers


def test_what_passes_is_waited_for(host: HttpreqHost) -> None:
    """
    A server that is busy once has the value at the second attempt, after a pause.
    """
    answers: list[tuple[int, object]] = [(503, {"error": "busy"})]
    host.before = lambda _path: answers.pop() if answers else None
    host.login = ""
    pauses: list[float] = []
    provider = Httpreq(Posts("HTTPREQ_ENDPOINT", f"{host.url}/dns", pauses.append), [ZONE])
    provider.append(ZONE, [TXT(LEAF, "v")], MARK)
    assert host.values == {LEAF.to_text(): {"v"}}
    assert len(pauses) == 1


def test_nobody_there_is_unavailable() -> None:
    """
    A refused connection names the server, in the system's words and no language's, is no bug, and
    cannot have left anything in DNS.
    """
    provider = Httpreq(Posts("HTTPREQ_ENDPOINT", "http://127.0.0.1:1", lambda _s: None), [ZONE])
    with pytest.raises(errors.Unavailable) as caught:
        provider.append(ZONE, [TXT(LEAF, "v")], MARK)
    assert str(caught.value) == "http://127.0.0.1:1 did not answer: connection refused"
    assert caught.value.untouched


def test_what_was_sent_may_have_been_done() -> None:
    """
    A request that nobody answers says nothing, nor do refused connections after it.
    """
    with HttpreqHost() as host:

        def before(_path: str) -> None:
            host.stop()
            raise ConnectionAbortedError

        host.before = before
        provider = Httpreq(Posts("HTTPREQ_ENDPOINT", host.url, lambda _s: None), [ZONE])
        with pytest.raises(errors.Unavailable, match="connection refused") as caught:
            provider.append(ZONE, [TXT(LEAF, "v")], MARK)
    assert (len(host.requests), caught.value.untouched) == (1, False)


def test_what_can_be_removed_is(host: HttpreqHost) -> None:
    """
    A value that cannot be removed keeps no other in DNS, and is an error all the same.
    """
    provider = ADAPTER.open(settings(host))
    provider.append(ZONE, [TXT(LEAF, "a"), TXT(LEAF, "b")], MARK)
    answers: list[tuple[int, object]] = [(400, {"error": "not this one"})]
    host.before = lambda _path: answers.pop() if answers else None
    with pytest.raises(errors.Rejected, match="not this one"):
        provider.delete(ZONE, [TXT(LEAF, "a"), TXT(LEAF, "b")])
    assert host.values[LEAF.to_text()] == {"a"}


def test_the_login_as_it_is_sent_is_a_secret(host: HttpreqHost) -> None:
    """
    User name and password together, in base64, are as good as the password: a server may echo them.
    """
    provider = ADAPTER.open(settings(host))
    assert isinstance(provider, Entrusted)
    assert [*provider.entrusted()] == [b64encode(b"lego:geheim").decode()]
    unasked = ADAPTER.open(settings(host, HTTPREQ_USERNAME="", HTTPREQ_PASSWORD=""))
    assert isinstance(unasked, Entrusted)
    assert [*unasked.entrusted()] == []


def test_a_redirection_is_not_followed(host: HttpreqHost) -> None:
    """
    The password goes where it was meant to, and the message says that the address is wrong.
    """
    host.before = lambda _path: (307, "")
    with pytest.raises(errors.Misconfigured) as caught:
        ADAPTER.open(settings(host)).append(ZONE, [TXT(LEAF, "v")], MARK)
    assert "HTTPREQ_ENDPOINT" in caught.value.hint
    assert len(host.requests) == 1


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"HTTPREQ_ENDPOINT": ""}, "HTTPREQ_ENDPOINT is not set"),
        ({"HTTPREQ_ENDPOINT": "http://192.0.2.1/"}, "neither https nor loopback"),
        ({"HTTPREQ_ENDPOINT": "https://u:p@example.com/"}, "plain URL"),
        ({"HTTPREQ_ZONES": ""}, "HTTPREQ_ZONES is not set"),
        ({"HTTPREQ_ZONES": "a..b"}, "no domain name"),
        ({"HTTPREQ_USERNAME": ""}, "HTTPREQ_USERNAME is missing"),
        ({"HTTPREQ_PASSWORD": ""}, "HTTPREQ_PASSWORD is missing"),
        ({"HTTPREQ_USERNAME": "a:b"}, "colon"),
        ({"HTTPREQ_MODE": "RAW"}, "key authorization"),
    ],
)
def test_settings_that_describe_no_server_are_refused(
    host: HttpreqHost, wrong: Mapping[str, str], word: str
) -> None:
    """
    Before anything is sent; no password shows.
    """
    with pytest.raises(errors.Misconfigured, match=word) as caught:
        ADAPTER.open(settings(host, **wrong))
    assert "geheim" not in str(caught.value) + caught.value.hint
    assert not host.requests
