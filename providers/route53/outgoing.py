"""What leaves by a session of botocore, whichever client sends it: how, and with what secrets.

For credentials botocore makes clients of its own (STS, IAM Identity Center). Each of
them takes over what the session's events are listened to by.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from providers.errors import Misconfigured
from providers.origin import is_loopback

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.session import Session

SECRET = re.compile("token|secret|assertion|code", re.IGNORECASE)
"""In the name of each parameter that holds one, at the services that give out credentials."""


class Outgoing:
    """Lets nothing of a session leave in clear, and remembers the secrets that leave.

    Attributes:
        direct: Whether requests to Route 53 itself pass by any proxy.
    """

    def __init__(self) -> None:
        self.direct = False
        self._found: set[str] = set()

    def watch(self, session: "Session") -> None:
        """Listen to *session*, before it makes any client."""
        listen: Any = session.register
        listen("before-parameter-build", self._given)
        listen("before-sign", self._signing)
        listen("before-send", self._leaving)

    def secrets(self) -> Collection[str]:
        """Return those found so far."""
        return tuple(self._found)

    def _given(self, params: Mapping[str, Any], **_event: object) -> None:
        self._found.update(secret_values(params))

    def _signing(self, request_signer: Any, **_event: object) -> None:  # noqa: ANN401
        credentials = request_signer._credentials  # noqa: SLF001 - there is no other way
        if credentials:  # the signer is about to ask for them as well
            keys = credentials.get_frozen_credentials()
            self._found.update(filter(None, (keys.secret_key, keys.token)))

    def _leaving(self, request: "AWSPreparedRequest", event_name: str, **_event: object) -> None:
        """See how *request* would travel.

        Raises:
            Misconfigured: Others could read it on the way.
        """
        service = event_name.split(".")[1]
        refuse_clear(request.url, service, direct=self.direct and service == "route-53")


def secret_values(params: Mapping[str, Any]) -> Iterator[str]:
    """Yield the secrets among *params*, however deep."""
    for name, value in params.items():
        if isinstance(value, Mapping):
            yield from secret_values(value)
        elif isinstance(value, str) and SECRET.search(name):
            yield value


def refuse_clear(url: str, service: str, *, direct: bool) -> None:
    """Refuse *url*, unless it is https or on loopback, and there by no proxy.

    Raises:
        Misconfigured: It is neither.
    """
    from botocore.utils import get_environ_proxies  # noqa: PLC0415  # the SDK loads when used

    parts = urlsplit(url)
    if parts.scheme == "https":
        return
    place = f"endpoint {parts.scheme}://{parts.hostname} of {service}"
    if not is_loopback(parts.hostname):
        raise Misconfigured(
            f"{place} is neither https nor on loopback",
            hint=f"see AWS_ENDPOINT_URL_{service.replace('-', '_').upper()}, AWS_ENDPOINT_URL,"
            " endpoint_url in the AWS files",
        )
    if not direct and get_environ_proxies(url).get(parts.scheme):
        raise Misconfigured(
            f"{place} would be asked by way of a proxy, in clear",
            hint=f"set NO_PROXY={parts.hostname}",
        )


def check_proxy(url: str) -> None:
    """See that the proxy to *url*, if the environment names one, can be one.

    Raises:
        Misconfigured: Without a part of it, which may hold a password.
    """
    from botocore.utils import get_environ_proxies  # noqa: PLC0415  # likewise

    proxy = get_environ_proxies(url).get(urlsplit(url).scheme)
    if not proxy:
        return
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy.lstrip('/')}")
        fit = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fit = False
    if not fit:
        raise Misconfigured(
            "HTTPS_PROXY is not the URL of an HTTP proxy",
            hint="such as http://proxy.example:3128; no other kind is spoken to",
        )
