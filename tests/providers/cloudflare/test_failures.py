"""The Cloudflare adapter when the API fails, throttles, refuses or makes no sense."""

import json
import socket
import traceback
from dataclasses import replace

import pytest

from providers.cloudflare import Cloudflare
from providers.cloudflare.api import ATTEMPTS
from providers.contract import TXT, Zone
from providers.errors import Misconfigured, ProviderError, Unauthorized, Unavailable
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.cloudflare_faults import (
    Fault,
    bad_gateway,
    cut,
    throttled,
    unsuccessful,
    untold,
)

from .scene import HOST, MARK, NAME, FakeTime, opened, sent


class TestFailures:
    @pytest.mark.parametrize(
        "lost", [cut(stored=True), bad_gateway(stored=True), untold(stored=True)]
    )
    def test_a_lost_answer(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone, lost: Fault
    ) -> None:
        """
        A write whose answer is lost is looked for, not repeated; what it wrote is ours.
        """
        api.next(None, None, lost)
        assert provider.append(zone, [TXT(NAME, "v")], MARK).written == frozenset({(NAME, "v")})
        api.next(None, lost)
        provider.delete(zone, [TXT(NAME, "v")])
        assert sent(api).count("POST batch") == 2
        assert api.records(HOST) == []

    @pytest.mark.parametrize("fault", [cut(), bad_gateway(), throttled(2), untold()])
    def test_a_failed_batch_owns_nothing(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone, fault: Fault
    ) -> None:
        """
        What somebody else has written by the time that a batch had to be sent again is not ours.
        """
        by_others = replace(fault, meanwhile=lambda: api.put("TXT", HOST, '"v"'))
        api.next(None, None, by_others)
        change = provider.append(zone, [TXT(NAME, "v"), TXT(NAME, "w")], MARK)
        assert change.written == frozenset({(NAME, "w")})

    @pytest.mark.parametrize("result", [None, {"a": [None]}, {"posts": {"v": 1}}, {"posts": []}])
    def test_a_success_that_does_not_tell_of_it_is_none(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone, result: object
    ) -> None:
        """
        A batch counts as taken if the answer lists as many records as were sent; else it is looked
        what is there, and in the end said that nobody knows.
        """
        api.next(None, None, *[untold(result), None] * ATTEMPTS)
        with pytest.raises(Unavailable, match="did not tell what it did at POST /zones/"):
            provider.append(zone, [TXT(NAME, "v")], MARK)
        assert sent(api).count("POST batch") == ATTEMPTS
        assert api.records(HOST) == []

    @pytest.mark.parametrize("fault", [cut(), bad_gateway(), unsuccessful(), throttled(2)])
    def test_a_passing_failure(
        self,
        api: CloudflareStandIn,
        provider: Cloudflare,
        clock: FakeTime,
        zone: Zone,
        fault: Fault,
    ) -> None:
        """
        Any call may fail once; the pause grows with jitter, or is what Retry-After says.
        """
        api.next(fault, None, fault, None, fault, None, None)
        provider.append(zone, [TXT(NAME, "v")], MARK)
        assert [record.content for record in api.records(HOST)] == ['"v"']
        waits = [pause for pause in clock.pauses if pause >= 1]  # after a block calls keep apart
        assert waits == [2.0 if fault.status == 429 else 1.0] * 3
        assert provider.api_calls == len(api.log) == 7

    def test_success_false_is_no_empty_list(
        self, api: CloudflareStandIn, provider: Cloudflare, clock: FakeTime, zone: Zone
    ) -> None:
        """
        200 with success false never reads as "nothing there": no second copy is written.
        """
        api.put("TXT", HOST, "v")
        api.next(None, *[unsuccessful()] * ATTEMPTS)
        with pytest.raises(Unavailable, match="200"):
            provider.append(zone, [TXT(NAME, "v")], MARK)
        assert sent(api) == ["GET dns_records"] * (1 + ATTEMPTS)
        assert clock.pauses == [1.0, 2.0, 4.0]

    @pytest.mark.parametrize(
        "result",
        [
            {},
            [{"id": "1"}],
            [{"id": "1", "name": "a..b", "type": "NS", "status": "active"}],
        ],
    )
    def test_answers_of_another_form(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone, result: object
    ) -> None:
        """
        Rows that make no sense are the host's failure, not a crash.
        """
        body = {"success": True, "result": result, "result_info": {"total_pages": 1}}
        api.next(*[Fault(200, json.dumps(body))] * 2)
        with pytest.raises(Unavailable):
            provider.delete(zone, [TXT(NAME, "v")])
        with pytest.raises(Unavailable):
            provider.zones([NAME])

    def test_a_row_short_of_fields(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone
    ) -> None:
        """
        A TXT row is one by its type, whichever of the lesser fields it lacks.
        """
        record = api.put("TXT", HOST, "v")
        row = {"id": record.id, "name": HOST, "type": "TXT", "content": "v"}
        body = {"success": True, "result": [row], "result_info": {"total_pages": 1}}
        api.next(Fault(200, json.dumps(body)))
        provider.delete(zone, [TXT(NAME, "v")])
        assert api.records(HOST) == []

    @pytest.mark.parametrize("after", [300, None, "Wed, 01 Jan 2031 00:00:00 GMT", -1])
    def test_a_long_block(
        self,
        api: CloudflareStandIn,
        provider: Cloudflare,
        clock: FakeTime,
        zone: Zone,
        after: object,
    ) -> None:
        """
        No waiting and no calling inside a block: fail at once and say for how long.
        """
        provider.append(zone, [TXT(NAME, "v")], MARK)
        api.next(throttled(after))
        with pytest.raises(Unavailable, match="300 s"):
            provider.delete(zone, [TXT(NAME, "v")])
        calls = len(api.log)
        clock.now += 100
        with pytest.raises(Unavailable, match="200 s") as caught:
            provider.zones([NAME])
        assert (clock.pauses, len(api.log), provider.api_calls) == ([], calls, calls)
        assert "later" in caught.value.hint
        clock.now += 180
        provider.delete(zone, [TXT(NAME, "v")])
        assert clock.pauses == [pytest.approx(20.0), pytest.approx(0.25)]
        assert api.records(HOST) == []

    def test_a_spent_quota(
        self, api: CloudflareStandIn, provider: Cloudflare, clock: FakeTime, zone: Zone
    ) -> None:
        """
        A Ratelimit header that leaves nothing delays the next call until its reset; one that
        leaves little spreads that.
        """
        api.ratelimit = (10, 30)
        provider.zones([NAME])
        api.ratelimit = (2, 30)
        provider.zones([NAME])
        assert clock.pauses == []
        api.ratelimit = (0, 15)
        provider.zones([NAME])
        assert clock.pauses == [10.0]
        provider.zones([NAME])
        assert clock.pauses == [10.0, 15.0]

    def test_html_becomes_a_short_line(
        self, api: CloudflareStandIn, provider: Cloudflare, clock: FakeTime
    ) -> None:
        """
        A page of HTML reaches a person as one printable line without markup.
        """
        api.next(*[bad_gateway()] * ATTEMPTS)
        with pytest.raises(Unavailable) as caught:
            provider.zones([NAME])
        message = str(caught.value)
        assert "502 Bad Gateway" in message
        assert message.isprintable()
        assert len(message) < 300
        assert "<" not in message

    def test_nobody_there(self, api: CloudflareStandIn, clock: FakeTime) -> None:
        """
        An address without a server is a passing failure, each attempt a call.
        """
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
        provider = opened(api, clock, CLOUDFLARE_BASE_URL=url)
        with pytest.raises(Unavailable, match="no answer from Cloudflare to GET /zones"):
            provider.zones([NAME])
        assert provider.api_calls == ATTEMPTS

    def test_unknown_zone_id(self, provider: Cloudflare) -> None:
        """
        A configured zone_id that does not exist is a matter of configuration.
        """
        with pytest.raises(Misconfigured, match="7003") as caught:
            provider.append(Zone(NAME, "../../user"), [TXT(NAME, "v")], MARK)
        assert "zone_id" in caught.value.hint

    def test_refused_tokens(self, api: CloudflareStandIn, clock: FakeTime, zone: Zone) -> None:
        """
        Malformed, unknown, not permitted: each with its own next step.
        """
        for token, code, hint in (
            ("short", "6003.*6111", "check the token text"),
            ("x" * 40, "9109", "DNS:Edit"),
            (api.grant(dns_edit=False), "10000", "DNS:Edit"),
        ):
            provider = opened(api, clock, CLOUDFLARE_API_TOKEN=token)
            with pytest.raises(Unauthorized, match=code) as caught:
                provider.append(zone, [TXT(NAME, "v")], MARK)
            assert hint in caught.value.hint
        assert clock.pauses == []

    @pytest.mark.parametrize(
        "fault", [cut(), Fault(500, "oops {token}"), Fault(400, "{token}"), Fault(403, "{token}")]
    )
    def test_no_secret_shows(
        self, api: CloudflareStandIn, provider: Cloudflare, fault: Fault
    ) -> None:
        """
        No message, traceback or repr holds the token, even if the host echoes it.
        """
        echo = Fault(fault.status, fault.body.format(token=api.token), cut=fault.cut)
        api.next(*[echo] * ATTEMPTS)
        with pytest.raises(ProviderError) as caught:
            provider.zones([NAME])
        shown = "".join(traceback.format_exception(caught.value)) + repr(provider)
        assert api.token not in shown + caught.value.hint
        shown = repr(vars(provider)) + repr([vars(part) for part in vars(provider).values()])
        assert api.token not in shown
