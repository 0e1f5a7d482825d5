"""Foreign text is shown, never obeyed."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text import counted, printable, quoted


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("Certificate name is not defined.\r\n", "Certificate name is not defined."),
        ("a\x00b\x07c\x7fd\x9be", "a b c d e"),
        ("two\n\n  lines\tand\u2028a\u2029third\x85fourth", "two lines and a third fourth"),
        ("\x1b[31mred\x1b[0m \x1b[2J\x1b]0;title\x07", "red ]0;title"),
        ("\u202egnp.exe\u202c \u2066x\u2069 \u200bzero\ufeff \U000e0041", "gnp.exe x zero"),
        ("a\ud800b\ue000c\U0010ffffd", "a b c d"),
        ("::error::boom", ":error:boom"),
        (":::add-mask:::x", ":add-mask:x"),
        (":`:set-output name=x:<b>:y", ":set-output name=x: :y"),
        ("##[add-path]/tmp #1", "#[add-path]/tmp #1"),
        ("::endgroup::", ":endgroup:"),
        ("::debug::2001:db8::1", ":debug:2001:db8::1"),
        ("::1 and [fe80::a%eth0]:53", "::1 and [fe80::a%eth0]:53"),
        ("<h1 class='x'>Bad\nGateway</h1>", "Bad Gateway"),
        ("<script>alert('<b>')</script >seen<style\n>b {}</STYLE>", "seen"),
        ("<scr<b>ipt>x</scr</b>ipt>", "scr iptx/scr ipt"),
        ("1 < 2 > 0 `rm`", "1 0 rm"),
        ("a < b", "a b"),
        ("Grüße, 世界 ✓ ?", "Grüße, 世界 ✓ ?"),
        ("", ""),
    ],
)
def test_what_is_left_of_it(foreign: str, shown: str) -> None:
    """Control, format and bidi characters, markup and workflow commands go; words stay."""
    assert printable(foreign) == shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [("a" * 5, 5, "aaaaa"), ("a" * 6, 5, "aaaa…"), ("x" + " " * 50 + "y" * 50, 5, "x yy…")],
)
def test_the_limit_counts_what_is_shown(text: str, limit: int, shown: str) -> None:
    """Longer text ends in an ellipsis, within the limit."""
    assert printable(text, limit) == shown


def test_a_megabyte_is_cheap() -> None:
    """Only the beginning of an answer is looked at, whatever it is made of."""
    assert printable("<script " * 200_000, 160).startswith("script script")
    assert printable(":" * 1_000_000 + "error::x", 4_000) == ":" * 3_999 + "…"


FOREIGN = ["<", ">", "`", ":", "::", "#", "error", "add-mask", "\x1b[1m", "\n", "\u202e"]


@given(
    st.lists(
        st.text(max_size=3) | st.sampled_from(FOREIGN),
        max_size=20,
    ).map("".join)
)
def test_whatever_comes_in_one_harmless_line_comes_out(text: str) -> None:
    """No control character, tag, backtick or doubled command mark survives, and twice is once."""
    line = printable(text)
    assert not {unicodedata.category(c)[0] for c in line} & {"C"}
    assert len(line.splitlines()) <= 1
    assert not set(line) & set("<>`")
    assert not re.search(r"::+(debug|echo|error|group|notice|add-mask|stop-commands)", line)
    assert "##" not in line
    assert line == line.strip()
    assert printable(line) == line


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("a\nb", r"a\nb"),
        (" pending", " pending"),
        ("two  blanks \t", r"two  blanks \t"),
        ("D\u200bNS\u2028", r"D\u200bNS\u2028"),
        ("a\xa0b\u3000\U000e0041\ud800", r"a\xa0b\u3000\U000e0041\ud800"),
        ("a\ufe0f\u3164\u2800", r"a\ufe0f\u3164\u2800"),
        ("\x1b[31m<b>`rm`", r"\x1b[31m\x3cb\x3e\x60rm\x60"),
        ("::error::boom\n##[group]", r":error:boom\n#[group]"),
        ("Grüße, 世界 ✓ ?", "Grüße, 世界 ✓ ?"),
        (5, "5"),
        ("x" * 90, "x" * 79 + "…"),
    ],
)
def test_quotes_for_a_sentence(foreign: object, shown: str) -> None:
    """
    Whatever it is, it is cut and put in quotes; what cannot be seen is escaped, not left out.
    """
    assert quoted(foreign) == f'"{shown}"'


@given(
    st.lists(
        st.text(max_size=3) | st.sampled_from(FOREIGN),
        max_size=20,
    ).map("".join)
)
def test_what_is_quoted_is_harmless_too(text: str) -> None:
    """
    No control character, tag, backtick or command mark survives in quotes.
    """
    line = quoted(text)
    assert line.isprintable()
    assert not set(line) & set("<>`")
    assert not re.search(r"::+(debug|echo|error|group|notice|add-mask|stop-commands)", line)
    assert "##" not in line


def test_plurals() -> None:
    """One is not many, and none is."""
    assert [counted(n, "value") for n in (0, 1, 2)] == ["0 values", "1 value", "2 values"]
