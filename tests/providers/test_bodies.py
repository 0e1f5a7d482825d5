"""How much of a body is read."""

import gzip
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bodies import capped

PIECES = st.lists(st.binary(max_size=40))
LIMITS = st.integers(1, 100)


@given(PIECES, LIMITS)
def test_a_body_is_read_to_its_end_or_to_its_limit(pieces: list[bytes], limit: int) -> None:
    """
    Whole, however it comes in pieces; if it is longer, the limit and one more.
    """
    assert capped(pieces, limit) == b"".join(pieces)[: limit + 1]


@given(st.binary(max_size=500), LIMITS, st.integers(1, 50), st.sampled_from(["gzip", "deflate"]))
def test_a_packed_body_counts_as_it_is(body: bytes, limit: int, size: int, encoding: str) -> None:
    """
    The limit is one of what is unpacked, not of what arrives.
    """
    packed = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert capped(pieces, limit, encoding.upper()) == body[: limit + 1]


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_nothing_is_taken_beyond_the_limit(encoding: str) -> None:
    """
    The rest of a body without end stays where it is.
    """
    taken = 0
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            raw = b" " * 1000
            yield packer.compress(raw) + packer.flush(zlib.Z_SYNC_FLUSH) if encoding else raw

    assert len(capped(pieces(), 10_000, encoding)) == 10_001
    assert taken == 11


def test_what_is_not_packed_as_it_says() -> None:
    """
    The error is zlib's, for the caller to put into words.
    """
    with pytest.raises(zlib.error):
        capped([b"plain"], 10, "gzip")
