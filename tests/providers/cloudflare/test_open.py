"""What opening the Cloudflare adapter accepts, and what then leaves this machine."""

import os
import subprocess
import sys

import pytest
from dns.name import from_text

from providers.cloudflare.adapter import ADAPTER, Cloudflare, open_account
from providers.cloudflare.client import BASE_URL, connect
from providers.contract import TXT, Zone
from providers.errors import Misconfigured, Unavailable
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.cloudflare_faults import redirected
from tests.standins.cloudflare_http import Recorder

from .scene import HOST, MARK, NAME, FakeTime, opened


class TestImport:
    def test_importing_loads_no_sdk(self) -> None:
        """
        Users of other hosts do not pay 400 ms for this one.
        """
        code = (
            "import sys, providers.cloudflare\n"
            "assert not {'cloudflare', 'httpx', 'pydantic'} & set(sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_the_environment_cannot_start_a_debug_log(self, api: CloudflareStandIn) -> None:
        """
        CLOUDFLARE_LOG=debug shows nothing of the requests, and nobody's log is touched.
        """
        code = (
            "import logging, sys\n"
            "from dns.name import from_text\n"
            "from providers.cloudflare import ADAPTER\n"
            "url, token = sys.argv[1:]\n"
            "settings = {'CLOUDFLARE_BASE_URL': url, 'CLOUDFLARE_API_TOKEN': token}\n"
            "assert ADAPTER.open(settings).zones([from_text('example.com.')])\n"
            "assert not logging.getLogger().handlers\n"
            "assert logging.getLogger('httpx').level == logging.NOTSET\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, api.url, api.token],
            env={**os.environ, "CLOUDFLARE_LOG": "debug"},
            check=True,
            capture_output=True,
        )
        assert (done.stdout, done.stderr) == (b"", b"")


class TestOpening:
    def test_without_token(self) -> None:
        """
        No token, or one for zones only, is said before anything is sent.
        """
        for settings in ({}, {"CF_ZONE_API_TOKEN": "zone"}, {"CLOUDFLARE_API_TOKEN": ""}):
            with pytest.raises(Misconfigured, match="no Cloudflare token"):
                ADAPTER.open(settings)

    @pytest.mark.parametrize(
        "token", ["abc\ndef", "abc def", "abc\n", "Bearer abc", "ab\tc", "äbc"]
    )
    def test_a_token_unfit_for_a_header(self, token: str) -> None:
        """
        It is refused at once, without a word of it in the message.
        """
        with pytest.raises(Misconfigured) as caught:
            ADAPTER.open({"CLOUDFLARE_API_TOKEN": "fine", "CF_ZONE_API_TOKEN": token})
        assert not any(part in str(caught.value) for part in ("abc", "def", "äbc"))

    @pytest.mark.parametrize(
        "url",
        [
            "http://api.cloudflare.com/client/v4",
            "http://127.0.0.1.example.net/",
            "http://localhost.example.net/",
            "ftp://127.0.0.1/",
            "https://",
            "https://user:pass@example.net/",
            "https://example.net/?q=1",
            "https://[::1/",
            "api.cloudflare.com",
        ],
    )
    def test_a_base_url_that_leaks(self, url: str) -> None:
        """
        The token goes out over https or stays on this machine.
        """
        with pytest.raises(Misconfigured, match="CLOUDFLARE_BASE_URL"):
            ADAPTER.open({"CLOUDFLARE_API_TOKEN": "t", "CLOUDFLARE_BASE_URL": url})

    @pytest.mark.parametrize(
        "url",
        [BASE_URL, "http://127.0.0.9:80/v4", "http://[::1]:81", "http://localhost/", "https://x"],
    )
    def test_a_base_url_that_does_not(self, url: str) -> None:
        """
        Any https, and loopback by address or by name.
        """
        ADAPTER.open({"CLOUDFLARE_API_TOKEN": "t", "CLOUDFLARE_BASE_URL": url})

    def test_declared_settings(self) -> None:
        """
        Every token is declared a secret; either of two makes credentials.
        """
        secret = {setting.name for setting in ADAPTER.settings if setting.secret}
        assert secret == {"CLOUDFLARE_API_TOKEN", "CF_DNS_API_TOKEN", "CF_ZONE_API_TOKEN"}
        assert ADAPTER.credentials == (("CLOUDFLARE_API_TOKEN",), ("CF_DNS_API_TOKEN",))


class TestWhatGoesOut:
    def test_the_token_and_nothing_else(
        self, api: CloudflareStandIn, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Whatever the environment holds, a request carries our token to our host.
        """
        for name, value in {
            "CLOUDFLARE_EMAIL": "me@example.com",
            "CLOUDFLARE_API_KEY": "global-key",
            "CLOUDFLARE_API_TOKEN": "another-token-altogether",
            "CLOUDFLARE_API_USER_SERVICE_KEY": "v1.0-service",
            "CLOUDFLARE_BASE_URL": "https://api.example.net/client/v4",
            "CLOUDFLARE_CUSTOM_HEADERS": "X-Extra: 1\nAuthorization: Bearer stolen",
        }.items():
            monkeypatch.setenv(name, value)
        opened(api, clock).zones([NAME])
        [call] = api.log
        assert call.headers["authorization"] == f"Bearer {api.token}"
        assert not any(name in call.headers for name in ("x-extra", "x-auth-key", "x-auth-email"))
        assert "x-auth-user-service-key" not in call.headers

    def test_version_and_timeouts(self, api: CloudflareStandIn, provider: Cloudflare) -> None:
        """
        The API's version is pinned, and no call may take the SDK's minute.
        """
        provider.zones([NAME])
        assert api.log[0].headers["api-version"] == "2026-11-01"
        assert api.log[0].headers["x-stainless-read-timeout"] == "15.0"
        pool, clients = connect(api.url, ["t", "u"])
        with pool:
            assert (pool.timeout.connect, pool.timeout.read) == (5.0, 15.0)
            assert all(client.timeout == pool.timeout for client in clients)

    def test_two_tokens(self, api: CloudflareStandIn, clock: FakeTime) -> None:
        """
        The zone token lists zones, the DNS token does the rest; the narrower wins.
        """
        dns, listing = api.grant(zone_read=False), api.grant(dns_edit=False)
        for settings in (
            {"CF_DNS_API_TOKEN": dns, "CF_ZONE_API_TOKEN": listing},
            {"CLOUDFLARE_API_TOKEN": dns, "CF_ZONE_API_TOKEN": listing},
            {"CLOUDFLARE_API_TOKEN": listing, "CF_DNS_API_TOKEN": dns},
        ):
            provider = opened(api, clock, **settings)
            [zone] = provider.zones([NAME])
            provider.append(zone, [TXT(NAME, "v")], MARK)
            provider.delete(zone, [TXT(NAME, "v")])
        assert api.values(HOST) == set()

    def test_redirects_are_not_followed(self, api: CloudflareStandIn, provider: Cloudflare) -> None:
        """
        Nothing is sent to where an answer points, neither token nor question.
        """
        with Recorder() as elsewhere:
            api.next(redirected(f"{elsewhere.url}/client/v4/zones"))
            with pytest.raises(Unavailable, match="302") as caught:
                provider.zones([NAME])
            assert elsewhere.seen == []
        assert "CLOUDFLARE_BASE_URL" in caught.value.hint
        assert len(api.log) == 1

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("HTTPS_PROXY", "ftp://user:pass-word@proxy.example"),
            ("HTTPS_PROXY", "socks5://127.0.0.1:1"),
            ("HTTPS_PROXY", "http://user:pass-word@[::x"),
            ("SSL_CERT_FILE", "/nonexistent/ca.pem"),
            ("SSL_CERT_FILE", __file__),
        ],
    )
    def test_an_environment_that_permits_no_request(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
    ) -> None:
        """
        A proxy or certificates of no use are a matter of configuration, and no fault of ours.
        """
        monkeypatch.setenv(variable, value)
        with pytest.raises(Misconfigured) as caught:
            ADAPTER.open({"CLOUDFLARE_API_TOKEN": "t"})
        said = f"{caught.value}; {caught.value.hint}"
        assert variable in said
        assert "pass-word" not in said

    def test_loopback_needs_no_proxy(
        self, api: CloudflareStandIn, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        A token for this machine is not handed to the proxy for the others.
        """
        with Recorder() as proxy:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy.url)
            assert opened(api, clock).zones([NAME])
            assert proxy.seen == []

    def test_other_hosts_are_reached_by_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        HTTPS_PROXY holds for the real host.
        """
        with Recorder() as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            provider = open_account({"CLOUDFLARE_API_TOKEN": "t"}, pause=lambda _: None)
            with pytest.raises(Unavailable):
                provider.zones([NAME])
            assert {seen["host"] for seen in proxy.seen} == {"api.cloudflare.com:443"}

    def test_a_record(self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone) -> None:
        """
        Content is quoted, the mark becomes the comment, the TTL keeps to the host's range.
        """
        long = "dns01\nrun=1 " + "x" * 200
        provider.append(zone, [TXT(NAME, '-a"\\b', ttl=1)], long)
        other = from_text("_acme-challenge.b.example.com.")
        provider.append(zone, [TXT(other, "v", ttl=1_000_000)], MARK)
        [record] = api.records(HOST)
        assert (record.content, record.ttl) == ('"-a\\"\\\\b"', 60)
        assert record.comment == "dns01 run=1 " + "x" * 88
        assert [(r.ttl, r.comment) for r in api.records(str(other))] == [(86400, MARK)]
        provider.append(zone, [TXT(NAME, '-a"\\b')], MARK)
        assert len(api.records(HOST)) == 1

    def test_an_rrset_keeps_its_ttl(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone
    ) -> None:
        """
        One RRset has one TTL (RFC 2181 §5.2), the first.
        """
        api.put("TXT", HOST, '"theirs"', ttl=3600)
        provider.append(zone, [TXT(NAME, "ours")], MARK)
        assert {record.ttl for record in api.records(HOST)} == {3600}
