"""Say what became of a request to the CA: each failure as an exit with the CA's own words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import josepy
import requests
from acme import errors, messages
from urllib3.exceptions import ProtocolError

from pipeline.model import Exit, Failed
from pipeline.orders.retry import Forbidden, Throttled, after_s
from pipeline.text import printable

from .network import Answered, Redirected, TooLong, Unsafe
from .words import words

ACCOUNT = {
    "accountDoesNotExist": "register the key first; or let dns01 do so: ACME_ACCEPT_TOS=true",
    "externalAccountRequired": "set ACME_EAB_KID and ACME_EAB_HMAC_KEY; the CA's portal has both",
    "unauthorized": "is it the key, and the CA, that the account or the order belongs to?",
    "userActionRequired": "the CA has new terms: agree to them with the client that registered",
    "badPublicKey": "the CA takes no such key; make another account",
    "badSignatureAlgorithm": "the CA takes no such key; make another account",
}
"""What is wrong with the account, and the next step (RFC 8555 §6.7)."""

NONSENSE = (
    josepy.errors.Error,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,  # JSON in thousands of brackets
)
"""What comes of reading an answer that is none."""

LATER = {"rateLimited", "serverInternal", "badNonce"}
"""What says nothing of the request."""


@contextmanager
def translated(what: str, url: str, last: Answered) -> Iterator[None]:
    """Turn what goes wrong within into `Failed`; *what* was asked of the CA, at *url*.

    Raises:
        Failed: 65, 69, 77 or 78, with the CA's own words.
    """
    ca = host_of(url) or "the CA"
    try:
        yield
    except messages.Error as error:
        raise refusal(error, f"{ca} refuses {what}", last) from error
    except errors.ClientError as error:
        raise unsaid(ca, what, last) from error
    except requests.RequestException as error:
        raise unreached(error, ca, what) from error
    except OSError as error:  # a file of CAs that is not there
        raise Failed(
            Exit.CONFIG,
            "order-client",
            f"{ca} cannot be asked: {printable(str(error))}",
            "check SSL_CERT_FILE and HTTPS_PROXY",
        ) from error
    except NONSENSE as error:
        raise nonsense(ca, what) from error


def host_of(url: object) -> str:
    """Return host and port of *url*, which a CA may have given: be it what it may."""
    try:
        return printable(urlsplit(str(url)).netloc.rpartition("@")[2], 100)
    except ValueError:
        return ""


def refusal(error: messages.Error, what: str, last: Answered) -> Failed:
    """Return what the problem document *error* (RFC 7807) means; *what* has gone wrong."""
    kind = str(error.typ).rpartition(":")[2]
    message = f"{what}: {words(error)}"
    if kind in LATER or last.status >= 500 or last.status == 429:
        failed = Failed(Exit.UNAVAILABLE, "order-api", message, advice(last.headers))
        is_full = kind == "rateLimited" or last.status == 429
        return Throttled.like(failed, after_s(last.headers)) if is_full else failed
    if kind in ACCOUNT:
        return Failed(Exit.REFUSED, "order-credentials", message, ACCOUNT[kind])
    return Failed(Exit.DATA, "order-refused", message)


def unsaid(ca: str, what: str, last: Answered) -> Failed:
    """Return what an answer means that is no answer of ACME's."""
    status = last.status
    said = f"{ca} answers HTTP {status} to {what}"
    match status:
        case 401 | 403:
            kind = Failed if status == 401 else Forbidden
            return kind(Exit.REFUSED, "order-credentials", said)
        case 407:
            hint = "that is a proxy, which wants user and password in HTTPS_PROXY"
            return Failed(Exit.UNAVAILABLE, "order-api", said, hint)
        case _ if 400 <= status < 500 and status != 429:
            return Failed(Exit.DATA, "order-refused", said)
        case _ if status < 400:
            said = f"{ca} gives no answer of ACME's to {what}"
            hint = "does ACME_DIRECTORY_URL name the CA's directory?"
            return Failed(Exit.UNAVAILABLE, "order-api", said, hint)
        case _:
            return Failed(Exit.UNAVAILABLE, "order-api", said, advice(last.headers))


def unreached(error: requests.RequestException, ca: str, what: str) -> Failed:
    """Return what it means that no answer came, or one that is not taken."""
    later = "run again later"
    match error:
        case Redirected():
            said = f"{ca} redirects {what} to {printable(str(error), 200)}"
            later = "redirects are not followed; does ACME_DIRECTORY_URL name the CA itself?"
        case Unsafe():
            said = (
                f"the CA leads {what} to {printable(str(error), 200)}: neither https nor this host"
            )
            later = "nothing was sent there"
        case TooLong():
            said = f"{ca} answers {what} with more than any order has"
        case requests.exceptions.SSLError():
            said = f"{ca} cannot be trusted: {printable(str(error.args[0]), 300)}"
            later = "check ACME_DIRECTORY_URL, SSL_CERT_FILE and this host's clock"
        case requests.Timeout():
            said = f"{ca} did not answer {what} in time"
        case requests.ConnectionError(args=(ProtocolError(args=(_, why)), *_)):
            said = f"{ca} broke off {what}: {printable(str(why), 300)}"
            later = "run again later; what was asked for may have been done"
        case requests.ConnectionError():
            said = f"{ca} cannot be reached: {printable(cause(error), 300)}"
            later = "check ACME_DIRECTORY_URL, HTTPS_PROXY and the network"
        case _:
            said = f"{ca} gave no whole answer to {what}: {printable(cause(error), 300)}"
    return Failed(Exit.UNAVAILABLE, "order-api", said, later)


def cause(error: BaseException) -> str:
    """Return the words of what is at the bottom of *error*."""
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    reason = getattr(error, "reason", None)
    return cause(reason) if isinstance(reason, BaseException) else str(error)


def nonsense(ca: str, what: str) -> Failed:
    """Return the failure of an answer that breaks the protocol."""
    return Failed(
        Exit.DATA,
        "order",
        f"{ca} answers {what} with what RFC 8555 does not know",
        "does ACME_DIRECTORY_URL name the CA's directory?",
    )


def advice(headers: Mapping[str, str]) -> str:
    """Return the next step after a refusal that will pass."""
    after = printable(headers.get("Retry-After", ""), 60)
    if not after:
        return "run again later"
    return f"Retry-After: {after}" + (" s" if after.isdigit() else "")


def gone(status: str) -> Failed:
    """Return the failure of a key whose account the CA has given up, as its *status* says."""
    return Failed(
        Exit.REFUSED,
        "order-credentials",
        f'the account\'s status is "{status}"',
        "make another account, with another key",
    )


def unregistered(terms: str) -> Failed:
    """Return the failure of a key that the CA knows no account for."""
    where = f" ({printable(terms, 200)})" if terms else ""
    return Failed(
        Exit.REFUSED,
        "order-credentials",
        "the CA has no account for this key",
        f"ACME_ACCEPT_TOS=true makes one, and agrees to the CA's terms of service{where}",
    )
