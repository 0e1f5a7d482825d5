"""Secrets are hidden in whatever is put out, and nothing else is."""

import dataclasses
import json
import pprint
import secrets
import string
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.configuration.accounts import RclAccount
from pipeline.configuration.config import Environment
from pipeline.model import Problem, Severity
from pipeline.orders.rcl import RclSource
from pipeline.report import PerspectiveLine, RecordLine, Report
from pipeline.secrecy import HIDDEN, SHORTEST, Secrets
from pipeline.text import printable
from providers.cloudflare import ADAPTER as CLOUDFLARE
from providers.rfc2136 import ADAPTER as RFC2136
from providers.route53 import ADAPTER as ROUTE53

LETTERS = string.ascii_letters + string.digits
tokens = st.text(LETTERS + "-_+/=.~ %&\"'\\é", min_size=SHORTEST, max_size=60).filter(
    lambda text: len(set(text)) > 5
)
around = st.text("<>;!? ", max_size=9)


def hiding(*known: str) -> Secrets:
    kept = Secrets()
    for each in known:
        kept.add(each)
    return kept


@given(tokens, around, around)
def test_however_it_is_spelt(token: str, before: str, after: str) -> None:
    """
    As it is, printable, in a URL, in JSON: hidden, with what is around it left as it was.
    """
    kept = hiding(token)
    for spelt in (token, quote(token, safe=""), json.dumps(token)[1:-1]):
        text = f"{before}|{spelt}|{after}"
        assert token not in kept.hide(text)
        assert kept.hide(text) == f"{before}|{HIDDEN}|{after}"


@given(tokens, st.binary(max_size=7), st.binary(max_size=7))
def test_in_base64(token: str, before: bytes, after: bytes) -> None:
    """
    Wherever in an encoded text it begins, no four octets of it can be read in what is left.
    """
    octets = token.encode()
    for encode in (b64encode, urlsafe_b64encode):
        whole = encode(before + octets + after).decode()
        left = hiding(token).hide(whole)
        assert HIDDEN in left
        inside = encode(b"\0" * (len(before) % 3) + octets).decode()[4:-4]
        assert len(inside) < 4 or inside not in left


@given(tokens, st.integers(SHORTEST, 59))
def test_cut_off(token: str, length: int) -> None:
    """
    A text that ends in an ellipsis may end in the midst of a secret.
    """
    cut = token[: min(length, len(token) - 1)]
    if len(cut) >= SHORTEST:
        assert cut not in hiding(token).hide(f"x{cut}… y")


@given(st.text(max_size=40))
def test_other_texts_are_left_alone(text: str) -> None:
    """
    With secrets that do not occur in it a text is what it was; short ones are no secrets.
    """
    kept = hiding("S" * 40, "", "a", "short", "\0" * 20, " " * 20)
    assert (
        kept.hide(text) == text
        or "S" * SHORTEST in text
        or "\0" * SHORTEST in text
        or (" " * SHORTEST in text)
    )


def test_in_a_report_everywhere() -> None:
    """
    Every text of a report, however deep, is without it; numbers and kinds stay what they are.
    """
    token = "canary-0123456789"
    line = PerspectiveLine("a", token, f"ns {token}", "s", 1.0, 2, f"<{token}>", None, token)
    record = RecordLine(token, token, token, token, (line,), token)
    problem = Problem("code", token, token, Severity.NOTICE)
    report = Report("ready", 0, records=(record,), problems=(problem,), receipt=token)
    hidden = hiding(token).hide_in(report)
    assert token not in repr(hidden)
    assert repr(hidden) == repr(report).replace(token, HIDDEN)
    assert hidden.problems[0].severity is Severity.NOTICE
    assert hiding().hide_in(report) is report


@pytest.mark.parametrize("odd", ["\ud800" * 20, "\0" * 20, "<>`" * 9])
def test_odd_secrets(odd: str) -> None:
    """
    What no service would give out is no reason to break, or to hide everything.
    """
    kept = hiding(odd)
    assert kept.hide(f"a {odd} b") == f"a {HIDDEN} b"
    assert kept.hide("nothing of it") == "nothing of it"


def test_after_printable_as_before_it() -> None:
    """
    What printable takes out of a text may join the parts of a secret: hiding comes last.
    """
    token = "canary-0123456789"
    assert hiding(token).hide(printable("canary-`0123<456789")) == HIDDEN


def holders(token: str) -> list[object]:
    """Return everything that keeps a secret."""
    names = {"CLOUDFLARE_API_TOKEN": token, "RFC2136_NAMESERVER": "127.0.0.1"}
    keys = {"RFC2136_TSIG_KEY": "k.", "RFC2136_TSIG_SECRET": b64encode(token.encode()).decode()}
    aws = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": token, "AWS_SESSION_TOKEN": token}
    given = Environment({**names, **keys, **aws})
    for name in (*names, *keys, *aws):
        given.secret(name)
    return [
        RclAccount("https://x", "s", token, is_local=False),
        RclSource("https://x", "s", token, trust_env=False),
        CLOUDFLARE.open(names),
        RFC2136.open({**names, **keys}),
        ROUTE53.open(aws),
        given,
        given.secrets,
        given.files,
    ]


@pytest.mark.parametrize("number", range(8))
def test_who_keeps_a_secret_does_not_show_it(number: int) -> None:
    """
    Neither repr, str, format nor pprint of a thing, or of a list with it, holds the secret.
    """
    token = f"canary-{secrets.token_hex(12)}"
    holder = holders(token)[number]
    shown = [repr(holder), str(holder), f"{holder}", pprint.pformat([holder]), repr({"x": holder})]
    encoded = b64encode(token.encode()).decode()
    assert not any(token in text or encoded in text for text in shown)
    if dataclasses.is_dataclass(holder):
        assert token not in repr(dataclasses.fields(holder))
