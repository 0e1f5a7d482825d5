"""Read the values that configuration holds, whether a flag, a variable or a file gave them. Pure.

Parsers raise ValueError or TypeError with the rule that was broken; `checked`
turns that into exit 78 with the place and the offending value.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import dns.exception
import dns.name
from dns.name import Name

from pipeline.asking.endpoints import Endpoint
from pipeline.model import Exit, Failed
from pipeline.propagation.policy import Require
from pipeline.text import nearest, quoted
from providers.origin import is_loopback

from .settings import CHALLENGES

if TYPE_CHECKING:
    from providers.limits import Rate

DURATION = re.compile(r"(\d+(?:\.\d+)?)([smh]?)", re.ASCII)
RATE = re.compile(r"(\d{1,6})/(\d{1,3})([smhd])", re.ASCII)
ISSUER = re.compile(
    r"[a-z0-9]+(-+[a-z0-9]+)*(\.[a-z0-9]+(-+[a-z0-9]+)*)+", re.ASCII | re.IGNORECASE
)
"""RFC 8659 §4.2; no CA has a name of one label."""
PLAIN = re.compile(r"[\w/.-]+", re.ASCII)
"""What names of zones hold; the slash is RFC 2317's."""
SOURCES = ("rcl", "acme")
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}

Value = TypeVar("Value")


def optional(place: str, parse: Callable[[Any], Value], value: object) -> Value | None:
    """Return *value* `checked`, or None if there is none."""
    return None if value is None else checked(place, parse, value)


def checked(place: str, parse: Callable[[Any], Value], value: object) -> Value:
    """Return *value* parsed.

    Raises:
        Failed: 78, naming *place* and *value*.
    """
    try:
        return parse(value)
    except (ValueError, TypeError) as error:
        raise wrong(f"{place}: {quoted(shown(value))} is not valid: {error}") from error


def shown(value: object) -> str:
    """Return *value* as it was written, a list with commas."""
    try:
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    except ValueError:  # Python writes no number of thousands of digits
        return "a number too long to show"


def unknown(key: str, keys: Iterable[str], place: str) -> Failed:
    """Return the failure that *key* at *place* is none of *keys*, naming the nearest."""
    near = nearest(key, keys)
    hint = f"did you mean {near}?" if near else f"keys: {', '.join(keys)}"
    return wrong(f"{place}: unknown key {quoted(key)}", hint)


def duration(value: object) -> float:
    """Return ``5m``, ``300s``, ``1.5h`` or a bare number of seconds, in seconds; more than 0."""
    match = None if isinstance(value, list) else DURATION.fullmatch(shown(value))
    seconds = float(match[1]) * SECONDS[match[2]] if match else 0.0
    if not 0 < seconds < 31_536_000:
        raise ValueError(
            "a duration is a number with s, m or h, such as 5m, more than 0 and at most a year"
        )
    return seconds


def limit(value: object) -> "Rate":
    """Return ``300/3h`` as so many in a time of seconds, minutes, hours or days."""
    match = RATE.fullmatch(text(value).strip())
    if not match or not (calls := int(match[1])) or not (seconds := float(match[2])):
        raise ValueError("a limit is a number in a time with s, m, h or d, such as 300/3h")
    from providers.limits import Rate  # noqa: PLC0415 - few have one

    return Rate(calls, seconds * (SECONDS | {"d": 86_400})[match[3]])


def endpoints(values: object) -> tuple[Endpoint, ...]:
    """Return each ``ADDR[:PORT]`` of the list *values*."""
    if not isinstance(values, list):
        raise TypeError("a list of addresses is wanted")
    return tuple(Endpoint.parse(text(value).strip()) for value in values)


def words(values: object) -> tuple[str, ...]:
    """Return the words of *values*, a list of texts or one text with commas; at least one."""
    listed = values.split(",") if isinstance(values, str) else values
    if not isinstance(listed, list) or not listed:
        raise TypeError("a name, or a list of names, is wanted")
    return tuple(dict.fromkeys(text(text(value).strip()) for value in listed))


def domains(values: object) -> tuple[Name, ...]:
    """Return the `words` of *values*, each a domain name; a leading ``*.`` adds nothing."""
    return tuple(dict.fromkeys(apex(each.removeprefix("*.")) for each in words(values)))


def issuers(values: object) -> tuple[str, ...]:
    """Return the `words` of *values*, each a CA's domain name as CAA records have it."""
    found = words(values)
    for each in found:
        if not ISSUER.fullmatch(each):
            raise ValueError(f"{quoted(each)} must be a CA's domain name, such as letsencrypt.org")
    return found


def challenges(values: object) -> tuple[str, ...]:
    """Return the `words` of *values*, each a kind of challenge that DNS can meet."""
    found = words(values)
    if not {*found} <= {*CHALLENGES}:
        raise ValueError(f"each must be one of {', '.join(CHALLENGES)}")
    return found


def require(value: object) -> Require:
    """Return the confirmation that *value* asks for."""
    try:
        return Require(value)
    except ValueError as error:
        raise ValueError("quorum, all or authoritative is wanted") from error


def source(value: object) -> str:
    """Return *value*, where orders come from without a document."""
    if value not in SOURCES:
        raise ValueError("rcl or acme is wanted")
    return str(value)


def text(value: object) -> str:
    """Return *value*, which must be text and not empty."""
    if not isinstance(value, str) or not value:
        raise TypeError("text is wanted")
    return value


def switch(value: object) -> bool:
    """Return *value*, true or false."""
    if not isinstance(value, bool):
        raise TypeError("true or false is wanted")
    return value


def yes_or_no(value: str) -> object:
    """Return what *value* says as a word, or *value*."""
    said = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    return said.get(value.lower(), value)


def location(value: object) -> Path:
    """Return *value* as a path, ``~`` being the user's home."""
    try:
        found = Path(text(value)).expanduser()
    except RuntimeError as error:
        raise ValueError("it begins with a home folder that nobody has") from error
    if "\0" in str(found):
        raise ValueError("no file can have this name")
    return found


def apex(name: str) -> Name:
    """Return the zone *name*, in Unicode or ASCII, as a domain name below the root."""
    try:
        found = dns.name.from_text(name, idna_codec=dns.name.IDNA_2008_Practical)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError("a domain name is wanted") from error
    if found == dns.name.root:
        raise ValueError("a domain name below the root is wanted")
    if not PLAIN.fullmatch(found.to_text()):
        raise ValueError("a domain name is wanted: letters, digits, hyphens, dots")
    return found


def is_local(variable: str, url: str) -> bool:
    """Whether *url* is on the loopback; otherwise it must be https.

    Raises:
        Failed: 78, if it is neither, or holds more than scheme, host, port and path.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise wrong(f"{variable} is not a URL") from error
    extra = port == 0 or "@" in parts.netloc or "?" in url or "#" in url
    if not host or extra or not url.isprintable() or " " in url:
        raise wrong(f"{variable} is not a URL of scheme, host, port and path alone")
    local = is_loopback(host)
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise wrong(
            f"{variable} is neither https nor on the loopback: secrets would travel in clear"
        )
    return local


def wrong(message: str, hint: str = "") -> Failed:
    """Return the failure for a configuration that cannot be used."""
    return Failed(Exit.CONFIG, "configuration", message, hint)
