"""Answers of Route 53, held to bounds of octets and of time.

botocore reads a body to its end, however long that takes and whatever it weighs. The
event used here is part of its interface; the session that sends is not, and there is no
other way to it.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from providers.bodies import LIMIT, capped
from providers.threads import within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.httpsession import URLLib3Session
    from mypy_boto3_route53 import Route53Client

DEADLINE = 30.0
"""Seconds for a whole answer, however slowly it drips."""


def bound(client: "Route53Client", deadline: float = DEADLINE) -> None:
    """Let *client* wait *deadline* seconds for an answer at most, and read `LIMIT` octets of it."""
    session: URLLib3Session = client._endpoint.http_session  # type: ignore[attr-defined]  # noqa: SLF001
    events: Any = client.meta.events
    # Last, for others want to see a request before it goes.
    events.register_last("before-send.route-53", partial(_send, session, deadline))


def _send(
    session: "URLLib3Session", deadline: float, request: "AWSPreparedRequest", **_event: object
) -> "AWSResponse":
    """Send *request* in botocore's place.

    Raises:
        HTTPClientError: As botocore's own sessions do.
    """
    from botocore.exceptions import ReadTimeoutError  # noqa: PLC0415  # the SDK loads when used

    request.stream_output = True  # or the session would read to the end
    try:
        return within(deadline, lambda: _whole(session.send(request)))
    except TimeoutError as error:
        raise ReadTimeoutError(endpoint_url=request.url) from error


def _whole(response: "AWSResponse") -> "AWSResponse":
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415  # likewise
    from botocore.exceptions import ResponseStreamingError  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415  # what botocore sends with

    try:
        content = capped(response.raw.stream())
    except (HTTPError, OSError) as error:
        raise ResponseStreamingError(error=error) from error
    finally:
        response.raw.close()
    if len(content) > LIMIT:
        raise ResponseStreamingError(error=f"an answer of more than {LIMIT} octets")
    headers: Any = response.headers
    return AWSResponse(response.url, response.status_code, headers, _Read(content))


class _Read:
    """A body that has been read, for whoever reads it again."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> "Iterator[bytes]":
        yield self._content
