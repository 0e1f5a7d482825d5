"""What can go wrong with a call to the stand-in."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a call instead of, or after, the usual.

    Attributes:
        status: Of the false answer; 0 lets the true one through.
        stored: The request takes effect although the answer does not tell.
        cut: The connection ends without an answer.
        delay: Seconds before anything is sent.
        block: Seconds in which all later calls get the same answer.
        meanwhile: What somebody else does just before.
    """

    status: int = 0
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    stored: bool = False
    cut: bool = False
    delay: float = 0.0
    block: float = 0.0
    meanwhile: Callable[[], object] | None = None


def throttled(after: object = None, block: float = 0.0) -> Fault:
    """429, as after 1,200 calls in five minutes."""
    headers = {} if after is None else {"Retry-After": str(after)}
    return Fault(429, failure(971, "Please wait and consider throttling"), headers, block=block)


def bad_gateway(*, stored: bool = False) -> Fault:
    """A page of HTML from the edge."""
    page = "<html><head><title>502 Bad Gateway</title></head>\n<body>\x1b[31mRay {}</body></html>"
    return Fault(502, page.format("7" * 5000), {"Content-Type": "text/html"}, stored=stored)


def cut(*, stored: bool = False) -> Fault:
    """The connection breaks."""
    return Fault(cut=True, stored=stored)


def slow(seconds: float) -> Fault:
    """The true answer, late."""
    return Fault(delay=seconds)


def redirected(url: str) -> Fault:
    return Fault(302, "", {"Location": url})


def untold(result: object = None, *, stored: bool = False) -> Fault:
    """200 that does not tell of what was sent."""
    body = {"success": True, "errors": [], "messages": [], "result": result}
    return Fault(200, json.dumps(body), stored=stored)


def unsuccessful(*, stored: bool = False) -> Fault:
    """200 that is none."""
    body = {"success": False, "errors": [], "messages": [], "result": None}
    return Fault(200, json.dumps(body), stored=stored)


def refused(status: int, code: int, message: str = "no") -> Fault:
    return Fault(status, failure(code, message))


def failure(code: int, message: str) -> str:
    errors = [{"code": code, "message": message}]
    return json.dumps({"success": False, "errors": errors, "messages": [], "result": None})
