"""A service that gives back what it was trusted with, in every spelling, in body and headers."""

import json
import time
from base64 import b64decode, b64encode
from contextlib import suppress
from urllib.parse import parse_qs, quote

from tests.standins.cloudflare_http import Handler, Listener, Served

TRUSTED = ("proxy-authorization", "x-amz-security-token", "authorization")
"""The headers that hold secrets, or what is made of one."""


class Echo(Served):
    """``with Echo(401) as echo``: answers every request with its own headers.

    Attributes:
        seen: The headers of each request, by names in lower case.
        delay: Seconds before it answers.
        location: Where it redirects to.
    """

    def __init__(self, status: int, *, location: str = "", delay: float = 0.0) -> None:
        self.status, self.location, self.delay = status, location, delay
        self.seen: list[dict[str, str]] = []
        self._listener = Listener(self._answer)
        self.url = self._listener.url

    def _answer(self, handler: Handler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.seen.append({"target": handler.path, **headers})
        time.sleep(self.delay)
        body = handler.rfile.read(int(headers.get("content-length", 0))).decode()
        given = [headers.get(name, "") for name in TRUSTED]
        given += parse_qs(body).get("WebIdentityToken", [])
        trusted = [spelt for value in given for spelt in spellings(value)]
        message = f"no: {'; '.join(trusted)}"
        body = json.dumps(
            {
                "success": False,
                "errors": [{"code": 1000, "message": message}],
                "message": message,
                "Message": message,
            }
        )
        if "amz" in " ".join(headers):
            text = message.replace("&", "").replace("<", "")
            error = f"<Error><Code>No</Code><Message>{text}</Message></Error>"
            body = f"<ErrorResponse>{error}</ErrorResponse>"
        echoed = {"Retry-After": (trusted or [""])[0][:60], "X-Echo": trusted[0] if trusted else ""}
        if self.location:
            echoed["Location"] = f"{self.location}/?{quote(trusted[0])}"
        with suppress(OSError):
            handler.reply(self.status, echoed, body)


def spellings(value: str) -> list[str]:
    """Return *value*, if it may be a secret, as it is and in other ways."""
    scheme, _, secret = value.rpartition(" ")
    if len(secret) < 16 or secret.startswith(("http", "127.")):
        return []
    plain = secret
    if scheme.endswith("Basic"):
        plain = b64decode(secret).decode()
    middle = len(plain) // 2
    return [
        plain,
        quote(plain, safe=""),
        b64encode(plain.encode()).decode(),
        b64encode(f"x:{plain}".encode()).decode(),
        f"{plain[:middle]}`{plain[middle:]}",
        f"{plain[:middle]}<{plain[middle:]}",
        json.dumps(plain),
        " " * 90 + plain,
        "y" * 120 + plain,
    ]
