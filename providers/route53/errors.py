"""Errors of Route 53 and of boto3, by what can be done about them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from providers.errors import Misconfigured, ProviderError, Rejected, Unauthorized, Unavailable

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

# Throttling comes with HTTP 400. PriorRequestNotComplete means that somebody's
# change of the same zone is still in flight: Route 53 takes one at a time.
IN_FLIGHT = "PriorRequestNotComplete"
THROTTLING = {"Throttling", "ThrottlingException", IN_FLIGHT}
BUSY = "somebody keeps changing that zone; Route 53 takes one change of a zone at a time"
SHARED = "all users of the AWS account share its request rate"
CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidIdentityToken",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
# What is said of a signature whose time is not the service's; the code may be another's, too.
SKEWED = re.compile("Signature expired|Signature not yet current|RequestExpired|TooSkewed")
# Parts of the texts under InvalidChangeBatch; there is nothing better to go by.
# The permanent ones go first: "a conflicting RRSet of type  CNAME … already exists".
PERMANENT = ("not permitted", "multivalue")
LOST_RACES = ("already exists", "not found", "do not match")
# A domain may well be called protect.example: names are not read for such words.
NAME = re.compile(r"[\w\\*-]+(\.[\w\\*-]+)+")


class Throttled(Unavailable):
    """Refused for now, and certainly not done."""


class Lost(Unavailable):
    """No usable answer came: done or not, nobody said."""


class Conflict(Unavailable):
    """The zone does not hold what the batch was made for: somebody else wrote."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn botocore's errors into ours."""
    from botocore import exceptions as boto  # noqa: PLC0415  # the SDK loads when it is used
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    try:
        yield
    except boto.ClientError as error:
        raise _refusal(error) from error
    except (
        boto.HTTPClientError,
        boto.ConnectionError,
        boto.IncompleteReadError,
        ResponseParserError,
    ) as error:
        # A parser goes on to quote the answer, which may be long.
        reason = str(error).partition(", invalid XML received")[0]
        raise Lost(f"{reason}", hint=_way(reason)) from error
    except ValueError as error:  # a number or a time of the answer is none
        raise Lost(f"an answer that makes no sense: {error}") from error
    except boto.ParamValidationError as error:
        raise Rejected(f"{error}") from error
    except (boto.BotoCoreError, FileNotFoundError, PermissionError) as error:
        # What is left is the search for credentials: none, half, unreadable, expired sign-on.
        raise Misconfigured(
            told(error),
            hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or AWS_ROLE_ARN"
            " with AWS_WEB_IDENTITY_TOKEN_FILE",
        ) from error


def told(error: Exception) -> str:
    """Return what *error*, of opening or of the search for credentials, says; nobody's own words.

    What a program or a service for credentials said of its failure may well be the credentials.
    """
    from botocore.exceptions import CredentialRetrievalError  # noqa: PLC0415  # likewise

    if isinstance(error, CredentialRetrievalError):
        source = error.kwargs.get("provider")
        if source == "custom-process":
            return "the credential_process of the AWS profile failed, or printed no credentials"
        said = str(error.kwargs.get("error_msg"))
        return f"no credentials from {source}: {said.partition(' from container metadata:')[0]}"
    return str(error)


@contextmanager
def sensible() -> Iterator[None]:
    """Turn what comes of an answer that makes no sense into a failure of the host.

    botocore checks no answer: what is missing, or of another type, shows where it is used.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Unavailable(
            f"route 53 sent an answer of another form: {type(error).__name__}: {error}",
            hint="does AWS_ENDPOINT_URL_ROUTE_53 name Route 53 itself?",
        ) from error


def _refusal(error: "ClientError") -> ProviderError:
    code = error.response.get("Error", {}).get("Code", "")
    # The first line only: a signature error goes on to repeat the request with its session token.
    reason = error.response.get("Error", {}).get("Message", "").partition("\n")[0]
    message = f"{error.operation_name}: {code}: {reason}"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in THROTTLING or status == 429:
        return Throttled(message, hint=BUSY if code == IN_FLIGHT else SHARED)
    if 300 <= status < 400:
        hint = "redirects are not followed: check AWS_ENDPOINT_URL_ROUTE_53"
        return Unavailable(f"{error.operation_name}: HTTP {status}", hint=hint)
    if status >= 500 or status == 408:
        return Lost(message, hint="it fails: try again later")
    if code in CREDENTIALS or status in {401, 403}:
        return Unauthorized(message, hint=_next_step(error.operation_name, code, reason))
    return _rejection(code, reason, message)


def _way(reason: str) -> str:
    if "SSL" in reason:
        return "check AWS_ENDPOINT_URL_ROUTE_53, AWS_CA_BUNDLE and this host's clock"
    return "check AWS_ENDPOINT_URL_ROUTE_53, HTTPS_PROXY and the network; or try again later"


def _next_step(operation: str, code: str, reason: str) -> str:
    if SKEWED.search(f"{code} {reason}"):
        return "this host's clock and the service's differ: set it by NTP"
    if code in CREDENTIALS:
        return "check the AWS credentials; session tokens expire"
    return _permission(operation)


def _rejection(code: str, reason: str, message: str) -> ProviderError:
    if code == "NoSuchHostedZone":
        return Misconfigured(message, hint="check the zone_id, and which AWS account is used")
    if code == "404":  # in no words of the service's own
        return Misconfigured(message, hint="check AWS_ENDPOINT_URL_ROUTE_53")
    if code != "InvalidChangeBatch":
        return Rejected(message)
    prose = NAME.sub("", reason)
    if "protect" in prose:
        return Rejected(message, hint="remove the protection of that record set, or ask its owner")
    if any(text in prose for text in LOST_RACES) and not any(text in prose for text in PERMANENT):
        return Conflict(message, hint="another client keeps writing the same names")
    return Rejected(message)


def _permission(operation: str) -> str:
    if operation == "ListHostedZones":
        return "allow route53:ListHostedZones, or configure the zone_id, which needs no listing"
    if operation.startswith("AssumeRole"):
        return "check AWS_ROLE_ARN, and whether the role's trust policy lets this identity in"
    return f"allow route53:{operation} on this hosted zone"
