"""Bodies of HTTP answers, read with bounds of memory: a host may be broken, or hostile."""

import zlib
from collections.abc import Iterable

LIMIT = 1 << 23
"""Octets of an answer that are read. The longest true one, a page of records, has a few million."""


def capped(chunks: Iterable[bytes], limit: int = LIMIT, encoding: str = "") -> bytes:
    """Return the octets of *chunks*; of a body that is longer the first *limit* and one more.

    Args:
        chunks: As they come from the connection; no more are taken than are needed.
        limit: Counts what is unpacked: a thousandth of it may arrive.
        encoding: The answer's Content-Encoding, which may be gzip though nobody asked for it.

    Raises:
        zlib.error: The body is not packed as *encoding* says.
    """
    unpack = None
    if encoding.strip().lower() in {"gzip", "x-gzip", "deflate"}:
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress
    body = bytearray()
    for chunk in chunks:
        room = limit + 1 - len(body)
        body += unpack(chunk, room) if unpack else chunk[:room]
        if len(body) > limit:
            break
    return bytes(body)
