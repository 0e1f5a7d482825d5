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

from pipeline.configuration.environment import Environment
from pipeline.configuration.rcl import RclAccount
from pipeline.model import Problem, Severity
from pipeline.orders.rcl import RclSource
from pipeline.orders.rcl_generations import V7, V8
from pipeline.report import PerspectiveLine, RecordLine, Report
from pipeline.secrecy import HIDDEN, LOWER, PIECE, SHORTEST, Secrets
from pipeline.text import printable, quoted
from providers.cloudflare import ADAPTER as CLOUDFLARE
from providers.rfc2136 import ADAPTER as RFC2136
from providers.route53 import ADAPTER as ROUTE53

LETTERS = string.ascii_letters + string.digits
UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
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
    assert kept.hide(text) == text or any(
        each * SHORTEST in text.upper() for each in ("S", "\0", " ")
    )


@given(tokens.filter(lambda text: len(text) > PIECE), st.data())
def test_pieces(token: str, data: st.DataObject) -> None:
    """
    A long piece of it, in large or small letters, in hex or in per cents, is hidden; what is
    around it stays.
    """
    spelt = data.draw(
        st.sampled_from(
            [
                token,
                token.encode().hex(),
                "".join(f"%{each:02X}" for each in token.encode()),
                quote(token, safe=""),
            ]
        )
    )
    start = data.draw(st.integers(0, len(spelt) - PIECE))
    end = data.draw(st.integers(start + PIECE, len(spelt)))
    piece = spelt[start:end]
    kept = hiding(token)
    for each in (piece, piece.translate(LOWER), piece.translate(UPPER)):
        assert kept.hide(f"<|{each}|>") in {f"<|{HIDDEN}|>", f"<|{HIDDEN}"}


def test_a_short_piece_is_any_word() -> None:
    """
    Up to eleven characters may be in a secret by chance, and stay; a whole one of eight does not.
    """
    kept = hiding("canary-0123456789", "eight-ch")
    assert kept.hide("canary-0123 3456789 EIGHT-CH") == "canary-0123 3456789 ***"


def test_what_is_hidden_only_as_a_whole() -> None:
    """
    A user name may hold a domain, which is shown elsewhere; the password's pieces are hidden.
    """
    given = Environment({"HTTPS_PROXY": "http://me@long-domain.example:canary-0123456789@p:1"})
    assert given.secrets.hide("long-domain.example") == "long-domain.example"
    assert given.secrets.hide("me@long-domain.example") == HIDDEN
    assert given.secrets.hide("me@long-domain.ex…") == f"{HIDDEN}…"
    assert given.secrets.hide("0123456789@x anary-012345") == "0123456789@x ***"


@pytest.mark.parametrize("kind", ["PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\\n"])
def test_what_is_around_a_key_is_no_secret(kind: str, newline: str) -> None:
    """
    Sentences about keys stay whole; of what is between the lines of dashes each piece is hidden,
    also of a key that was cut off.
    """
    body = f"{secrets.token_hex(32)}{newline}{secrets.token_hex(20)}"
    text = f"-----BEGIN {kind}-----{newline}{body}{newline}-----END {kind}-----{newline}"
    said = "the ACME account's key is no private key, RSA or EC; -----BEGIN EC PRIVATE KEY-----"
    for known in (text, text[: len(text) // 2], f"\n{text}{text}"):
        kept = hiding(known)
        assert kept.hide(said) == said
        assert kept.hide(f"<{body[:PIECE]}>") == f"<{HIDDEN}>"
    for at in range(len(body) - PIECE):
        assert kept.hide(f"<|{body[at : at + PIECE]}|>") in {f"<|{HIDDEN}|>", f"<|{HIDDEN}"}


def test_one_secret_within_another() -> None:
    """
    The shorter leaves nothing of the longer.
    """
    kept = hiding("user-nam")
    kept.add("long-user-name-of-a-proxy", whole=True)
    assert kept.hide("<long-user-name-of-a-proxy>") == f"<{HIDDEN}>"


def test_a_password_as_it_is_sent() -> None:
    """
    A URL spells it in per cents, a proxy gets it without.
    """
    given = Environment({"HTTPS_PROXY": "http://me:can%2Fry%40b@p:1"})
    assert given.secrets.hide("can/ry@b can%2fry%40b") == f"{HIDDEN} {HIDDEN}"


@pytest.mark.parametrize("url", ["ftp://u:canary-0123456789@[::x", "http://u:canary-0123456789@h"])
def test_a_password_in_what_is_no_url(url: str) -> None:
    """
    An address may be as wrong as it likes: its password is found.
    """
    assert "canary" not in Environment({"HTTPS_PROXY": url}).secrets.hide(url)


def test_secrets_that_are_found_later() -> None:
    """
    Who finds secrets while it works is asked when a text is put out, each time.
    """
    found: list[str] = []
    kept = Secrets()
    kept.ask(lambda: found)
    text = "canary-0123456789"
    assert kept.hide(text) == kept.hide_in(text) == text
    found.append(text)
    assert kept.hide_in(text) == HIDDEN
    assert kept.hide(text.upper()) == HIDDEN


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


def test_in_quotes_that_escape_what_cannot_be_seen() -> None:
    """
    What `quoted` escapes of a secret leaves nothing of it to be read.
    """
    odd = "s<1>t`2\u200b3\n4u\x1b5v\ufe0f6"
    assert hiding(odd).hide(f"value {quoted(odd)} is odd") == f'value "{HIDDEN}" is odd'


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
        RclAccount(
            "https://x", V8("s", "a@b.example", ["x.example"], token), token, is_local=False
        ),
        RclSource("https://x", V7("s"), token, trust_env=False),
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
