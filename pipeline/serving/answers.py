"""What a request is answered: a status, and one JSON object. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from pipeline.model import Exit, Failed
from pipeline.text import printable

from .dialect import Refused

STATUSES = {Exit.DATA: 409, Exit.UNAVAILABLE: 502, Exit.REFUSED: 502, Exit.NOT_READY: 503}
"""What a failure is to a client: conflict with what is in DNS, the DNS host's, busy; else ours."""

RETRY = "5"
"""Seconds after which whoever found us busy may come again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `told` is what its line in the log says beside the status."""

    status: int
    content: Mapping[str, str]
    told: str = ""

    @property
    def line(self) -> str:
        """The status with its reason phrase."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    @property
    def body(self) -> bytes:
        """The content as JSON, on a line."""
        return json.dumps(self.content).encode() + b"\n"

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What goes before the body."""
        found = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(self.body))),
            ("Cache-Control", "no-store"),
        ]
        match self.status:
            case 401:
                found.append(("WWW-Authenticate", 'Basic realm="dns01", charset="UTF-8"'))
            case 405:
                found.append(("Allow", "POST"))
            case 503:
                found.append(("Retry-After", RETRY))
            case _:
                pass
        return found


def refusal(refused: Refused) -> Answer:
    """Return what a request that is not served is answered."""
    found = error(refused.status, str(refused), refused.hint)
    return replace(found, told=printable(refused.told, 1000))


def failure(failed: Failed, hide: Callable[[str], str]) -> Answer:
    """Return what a request that failed is answered; *hide* takes secrets out."""
    problem = failed.problem
    is_elsewhere = problem.code == "no-zone"
    status = 403 if is_elsewhere else STATUSES.get(failed.exit, 500)
    return error(status, hide(problem.message), hide(problem.hint), problem.code)


def error(status: int, message: str, hint: str = "", code: str = "") -> Answer:
    """Return an answer that says what went wrong."""
    content = {"error": printable(message, 1000), "hint": printable(hint, 1000), "code": code}
    shown = {key: value for key, value in content.items() if value}
    return Answer(status, shown, shown["error"])
