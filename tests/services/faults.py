"""What an HTTP service can do wrong, by the names that `docs/failures.md` uses."""

import json
import re
import zlib
from functools import cache

from .gate import Call, Fault

PAUSE = 0.2  # seconds between two octets of a drip
PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body>\x1b[31m::error::"
    + b"7" * 5000
    + b"</body></html>"
)


def broken_off(call: Call) -> None:
    call.reset()


def half(call: Call) -> None:
    status, headers, body = call.onward()
    call.begin(status, {**headers, "Content-Length": str(len(body))})
    call.send(body[: len(body) // 2])
    call.reset()


def unheard(call: Call) -> None:
    """The request takes effect; nobody hears of it."""
    call.onward()
    call.reset()


def silent(call: Call) -> None:
    call.over.wait()


def dripping(call: Call) -> None:
    call.begin(200, {"Content-Length": "1000000"})
    while not call.over.wait(PAUSE):
        call.send(b" ")


def dripping_headers(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not call.over.wait(PAUSE):
        call.send(b"x")


def endless(call: Call) -> None:
    call.begin(200, {"Content-Type": "application/json"})
    while not call.over.is_set():
        call.send(b" " * 65536)


def bomb(call: Call) -> None:
    """A quarter of a gigabyte in a megabyte; nobody has asked for compression."""
    call.reply(200, {"Content-Encoding": "gzip"}, packed())


@cache
def packed() -> bytes:
    packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    return b"".join(packer.compress(b" " * (1 << 20)) for _ in range(256)) + packer.flush()


def cut_short(call: Call) -> None:
    """Half of the text, delivered whole."""
    status, headers, body = call.onward()
    call.reply(status, headers, body[: len(body) // 2])


def entities(call: Call) -> None:
    """A gigabyte again, in ten lines of XML."""
    first = '<!ENTITY e0 "0123456789">'
    levels = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9)]
    lines = ['<?xml version="1.0"?><!DOCTYPE a [', first, *levels, "]><a>&e8;</a>"]
    call.reply(200, {"Content-Type": "text/xml"}, "\n".join(lines).encode())


def answering(status: int, body: bytes | str = b"", **headers: str) -> Fault:
    octets = body if isinstance(body, bytes) else body.encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda call: call.reply(status, named, octets)


def mangled(put: object) -> Fault:
    """The true answer with *put* in place of every text, but for those that say how it went."""

    def mangle(call: Call) -> None:
        status, headers, body = call.onward()
        if body.startswith(b"<"):
            text = b"" if put is None else str(put).encode()
            body = re.sub(rb">[^<>\s][^<>]*<", b">" + text + b"<", body)
        else:
            body = json.dumps(replaced(json.loads(body), put)).encode()
        call.reply(status, headers, body)

    return mangle


def replaced(document: object, put: object) -> object:
    """Return *document* with *put* for each text."""
    match document:
        case dict():
            return {
                key: value if key in {"success", "status"} else replaced(value, put)
                for key, value in document.items()
            }
        case list():
            return [replaced(each, put) for each in document]
        case str():
            return put
        case _:
            return document


COMMON: dict[str, Fault] = {
    "reset before an answer": broken_off,
    "reset in the middle of it": half,
    "reset once the request has taken effect": unheard,
    "silence": silent,
    "a drip": dripping,
    "a drip of headers": dripping_headers,
    "500": answering(500, b"{}"),
    "a page of HTML under 502": answering(502, PAGE, Content_Type="text/html"),
    "a page of HTML under 200": answering(200, PAGE, Content_Type="text/html"),
    "half a document": cut_short,
    "10 MB": answering(200, b'["' + b"x" * 10_000_000),
    "a body without end": endless,
    "a gzip bomb": bomb,
    "a list": answering(200, b"[]"),
    "null for every text": mangled(None),
    "numbers for every text": mangled(5),
}
"""Faults of any HTTP service."""
