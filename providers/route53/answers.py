"""Answers of Route 53, held to bounds and to the service's own model.

botocore reads a body to its end, however long that takes and whatever it weighs, and
leaves out what it does not find in it. Both events used here are part of its interface;
the session that sends is not, and there is no other way to it.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from providers.bodies import LIMIT, capped
from providers.threads import within

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.httpsession import URLLib3Session
    from botocore.model import OperationModel
    from mypy_boto3_route53 import Route53Client

DEADLINE = 30.0
"""Seconds for a whole answer, however slowly it drips."""

READ = {
    "ChangeInfo", "HostedZone", "HostedZones", "Id", "IsTruncated", "Name", "NameServers",
    "ResourceRecordSets", "Status", "Type",
}  # fmt: skip
"""What the adapter reads; of the rest that the model requires, Route 53 itself leaves out some."""


def bound(client: "Route53Client", deadline: float = DEADLINE) -> None:
    """Let *client* wait *deadline* seconds for an answer at most, and take no half of one."""
    session: URLLib3Session = client._endpoint.http_session  # type: ignore[attr-defined]  # noqa: SLF001
    events: Any = client.meta.events
    # Last, for botocore takes the first answer that it is given: others want to see the request.
    events.register_last("before-send.route-53", partial(_send, session, deadline))
    events.register("after-call.route-53", _complete)


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


def _complete(parsed: "Mapping[str, Any]", model: "OperationModel", **_event: object) -> None:
    """Refuse a success that lacks what the adapter reads of it.

    Raises:
        ResponseParserError: Naming what is missing.
    """
    from botocore.parsers import ResponseParserError  # noqa: PLC0415  # likewise

    is_success = parsed.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < 300
    if is_success and (missing := _missing(parsed, model.output_shape)):
        raise ResponseParserError(f"{model.name}: the answer has no {missing}")


def _missing(value: Any, shape: Any) -> str:  # noqa: ANN401  # whatever the parser made, by the model
    """Return the name of a member in `READ` that *value* lacks, at any depth; or nothing."""
    if shape.type_name == "list":
        return next(filter(None, (_missing(each, shape.member) for each in value)), "")
    if shape.type_name != "structure":
        return ""
    wanted = READ & set(shape.required_members)
    if value.get("IsTruncated"):
        wanted |= {name for name in ("NextMarker", "NextRecordName") if name in shape.members}
    inner = (
        _missing(value[name], member) for name, member in shape.members.items() if name in value
    )
    return next(filter(None, (*sorted(wanted - value.keys()), *inner)), "")
