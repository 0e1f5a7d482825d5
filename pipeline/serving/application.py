"""The web application: a plain WSGI callable (PEP 3333) that answers every request somehow."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from pipeline.clock import Clock
from pipeline.explaining.verdict import bug
from pipeline.model import Challenge, Failed
from pipeline.text import printable

from .access import Access
from .answers import Answer, error, failure, refusal
from .dialect import LIMIT, Refused, Request, read_request

FROM_BROWSERS = ("HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE")
"""Headers that ACME clients do not send, and a page that makes its reader's browser ask does."""

Environ = Mapping[str, Any]
"""A request as PEP 3333 has it."""
Start = Callable[[str, list[tuple[str, str]]], object]


class Handler(Protocol):
    """Who does what is asked for; each returns what was done, in words for the log."""

    def present(self, challenge: Challenge) -> str:
        """Write the value of *challenge*. Raises `Failed`."""
        ...

    def cleanup(self, challenge: Challenge) -> str:
        """Remove the value of *challenge*. Raises `Failed`."""
        ...


class Application:
    """Answers requests, several at a time.

    Args:
        log: Is given the status and one line for each.
        hide: Takes secrets out of what goes to clients.
    """

    def __init__(
        self,
        handler: Handler,
        access: Access,
        clock: Clock,
        log: Callable[[int, str], None],
        hide: Callable[[str], str] = str,
    ) -> None:
        self._access, self._clock, self._log, self._hide = access, clock, log, hide
        self._verbs = {"/present": handler.present, "/cleanup": handler.cleanup}

    def __call__(self, request: Environ, start: Start) -> Iterable[bytes]:
        began = self._clock.now()
        answer, subject = self._answer(request)
        method, path = request["REQUEST_METHOD"], request.get("PATH_INFO", "")
        if path != "/health" or answer.status != 200:
            took = f"{self._clock.now() - began:.1f} s"
            words = [request.get("REMOTE_ADDR", "-"), method, path, subject or "-"]
            line = [*words, str(answer.status), took, answer.told]
            self._log(answer.status, " ".join(printable(each, 500) for each in line if each))
        start(answer.line, answer.headers)
        return [] if method == "HEAD" else [answer.body]

    def _answer(self, request: Environ) -> tuple[Answer, str]:
        """Return the answer, and the name that it is about if that is known."""
        subject = ""
        try:
            verb = self._verb(request)
            if verb is None:
                return Answer(200, {"status": "ok"}), ""
            asked = self._read(request)
            subject = asked.challenge.name.to_text()
            self._access.allow(asked.challenge.name.parent())
            return Answer(200, asked.echo, verb(asked.challenge)), subject
        except Refused as refused:
            return refusal(refused), subject
        except Failed as failed:
            return failure(failed, self._hide), subject
        except Exception as broken:  # noqa: BLE001 - one request's fault is no other's
            self._log(500, bug(broken).message)
            return error(500, "dns01 failed at this: its log says how"), subject

    def _verb(self, request: Environ) -> Callable[[Challenge], str] | None:
        """Return what the request is for; None: it only wants to know that we live.

        Raises:
            Refused: Nobody may ask that, or so.
        """
        method, path = request["REQUEST_METHOD"], request.get("PATH_INFO", "")
        if path == "/health" and method in {"GET", "HEAD"}:
            return None
        if any(header in request for header in FROM_BROWSERS):
            raise Refused(403, "browsers are not served: a page may have sent this")
        self._access.admit(request.get("HTTP_AUTHORIZATION", ""))
        if path not in self._verbs:
            raise Refused(404, "there is nothing here but POST /present, POST /cleanup, /health")
        if method != "POST":
            raise Refused(405, f"{path} takes POST")
        return self._verbs[path]

    def _read(self, request: Environ) -> Request:
        text = request.get("CONTENT_LENGTH") or "0"
        length = int(text) if text.isascii() and text.isdigit() else 0
        if length > LIMIT:
            raise Refused(413, f"the body has more than {LIMIT} octets")
        return read_request(request["wsgi.input"].read(length))
