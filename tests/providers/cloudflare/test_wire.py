"""How Cloudflare's JSON is read and written, without a server."""

from typing import Any

import httpx
import pytest
from dns.name import from_text

from providers.cloudflare.api import Line
from providers.cloudflare.wire import LEGIBLE, Again, judged, matching, printable, refusal, unquoted
from providers.errors import Misconfigured, Rejected, Unauthorized, Unavailable

from .scene import FakeTime


class TestNames:
    def test_one_filter_for_all(self) -> None:
        """
        Records of every name pass the filter; case makes it no wider.
        """
        upper, lower = (
            from_text("_ACME-Challenge.A.example."),
            from_text("_acme-challenge.b.example."),
        )
        assert matching([upper]) == {"name.exact": "_acme-challenge.a.example"}
        assert matching([upper, lower]) == {"name.startswith": "_acme-challenge."}
        assert matching([lower, from_text("x.example.")]) == {}

    @pytest.mark.parametrize(
        ("content", "value"),
        [
            ("abc", "abc"),
            ('"abc"', "abc"),
            ('"ab" "c"', "abc"),
            ("a b; c", "a b; c"),
            (r'"a\"b\\c\100"', r'a"b\cd'),
            ('"abc', '"abc'),
            ('"' + "x" * 300 + '"', '"' + "x" * 300 + '"'),
        ],
    )
    def test_contents(self, content: str, value: str) -> None:
        """
        Quoted, bare and in pieces; what is no presentation format stays as it is.
        """
        assert unquoted(content) == value


class TestAnswers:
    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (400, 81057, Again),
            (404, 81044, Again),
            (400, 81053, Rejected),
            (400, 1004, Rejected),
            (400, 9021, Rejected),
            (400, 10000, Unauthorized),
            (401, 0, Unauthorized),
            (403, 1009, Unauthorized),
            (403, 9103, Unauthorized),
            (404, 0, Misconfigured),
            (402, 0, Unavailable),
            (402, 1004, Unavailable),
            (407, 0, Unavailable),
            (418, 0, Unavailable),
            (451, 0, Unavailable),
            (409, 0, Again),
            (503, 0, Again),
            (200, 1000, Again),
        ],
    )
    def test_what_errors_mean(self, status: int, code: int, kind: type[Any]) -> None:
        """
        Cloudflare's code decides before the status does.
        """
        error = refusal(status, code, "said", "hint")
        assert type(error) is kind
        assert "said" in str(error)

    def test_text_is_kept_short(self) -> None:
        """
        Style sheets, tags, control characters and length are taken off foreign text.
        """
        assert printable("<STYLE>p {}\n</STYLE><b>a\r\n\x00b</b> c") == "a b c"
        assert len(printable("x" * 1000)) == 200
        assert printable("a\x1b[31mb\x1b[0m") == "a b"

    def test_nobody_looks_for_words_in_megabytes(self) -> None:
        """
        What is not among the first characters is not read at all.
        """
        assert printable(" " * LEGIBLE + "word") == ""

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (500, '{"success": true}'),
            (200, '{"success": "yes"}'),
            (200, "[" * 100_000),
            (200, "[]"),
        ],
    )
    def test_success_is_said_twice(self, status: int, body: str) -> None:
        """
        Status and envelope must both say success.
        """
        request = httpx.Request("GET", "https://x/", headers={"Authorization": "Bearer t"})
        with pytest.raises(Again):
            judged(httpx.Response(status, text=body, request=request), "GET /zones", "")

    @pytest.mark.parametrize("token", ["e", "t" * 40])
    def test_a_token_is_hidden_where_it_is_no_word(self, token: str) -> None:
        """
        An echo of it is taken out; one of a letter, which no service gives out, garbles no words.
        """
        request = httpx.Request("GET", "https://x/", headers={"Authorization": f"Bearer {token}"})
        answer = httpx.Response(403, text=f"refused {'t' * 40}", request=request)
        with pytest.raises(Unauthorized) as caught:
            judged(answer, "GET /zones", "")
        assert (" refused [token]" in str(caught.value)) is (token != "e")
        assert "refused" in str(caught.value)

    def test_a_late_success_ends_no_block(self) -> None:
        """
        An answer to a call sent before the block does not lift it.
        """
        clock = FakeTime()
        line = Line(clock.pause, lambda: 1.0, lambda: clock.now)
        line.heed(httpx.Response(429, headers={"Retry-After": "300"}))
        line.heed(httpx.Response(200))
        with pytest.raises(Unavailable, match="300 s"):
            line.enter()
        assert line.calls == 0
