"""Read what options hold. What takes a heavy import does it when its option is there."""

import re
from argparse import Action, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

AGE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)([smhd]?)", re.ASCII)
UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Once(Action):
    """An option that counts once: of two files one would be left out in silence."""

    def __call__(self, parser: ArgumentParser, namespace: Namespace, *given: object) -> None:
        value, option = given
        if getattr(namespace, self.dest) is not None:
            parser.error(f"{option} is given twice; each run takes one")
        setattr(namespace, self.dest, value)


def typed(parse_text: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return *parse_text* with its ValueError as argparse wants it."""

    def parsed(text: str) -> Any:  # noqa: ANN401 - whatever the option holds
        try:
            return parse_text(text)
        except (ValueError, TypeError) as error:
            raise ArgumentTypeError(f"{text!r}: {error}") from error

    return parsed


def pair(text: str) -> tuple[str, str]:
    """Return the name and the value in *text*, split at the first ``=``."""
    name, equals, value = text.partition("=")
    if not name or not equals or not value:
        raise ValueError("must be FQDN=VALUE")
    if (name, value) != (name.strip(), value.strip()):
        raise ValueError("must be FQDN=VALUE, without blanks around name or value")
    if "://" in name:
        raise ValueError("must be FQDN=VALUE, with a domain name, not a URL")
    return name, value


def ttl(text: str) -> int:
    """Return *text* as seconds of TTL."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 86_400:
        raise ValueError("must be a whole number of seconds, 1 to 86400")
    return int(text)


def jobs(text: str) -> int:
    """Return *text* as a number of processes."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 64:
        raise ValueError("must be a whole number, 1 to 64")
    return int(text)


def shard(text: str) -> object:
    """Return the part of an inventory that *text* means; ``auto`` as it is."""
    from pipeline.fleet.sharding import Shard  # noqa: PLC0415 - imports dnspython

    return text if text == "auto" else Shard.parse(text)


def drawing(text: str) -> Path:
    """Return *text* as the path of a file to draw into."""
    if text in {"", "-"}:
        raise ValueError("must be the path of a file")
    return Path(text)


def endpoint(text: str) -> object:
    """Return *text* as an address and a port."""
    from pipeline.asking.endpoints import Endpoint  # noqa: PLC0415 - imports dnspython

    return Endpoint.parse(text)


def listening(text: str) -> tuple[str, int]:
    """Return *text*, such as ``127.0.0.1:8053`` or ``[::1]:0``, as an address and a port."""
    host, _, port = text.rpartition(":")
    bare = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
    is_port = port.isascii() and port.isdigit() and int(port) < 65_536
    if not (is_port and bare) or (":" in bare) != host.startswith("["):
        example = port if is_port and not bare else "8053"
        raise ValueError(f"must be ADDR:PORT, such as 127.0.0.1:{example} or [::1]:{example}")
    return str(ip_address(bare)), int(port)


def duration(text: str) -> float:
    """Return *text* in seconds."""
    from pipeline.configuration.values import duration as parse_duration  # noqa: PLC0415 - imports dnspython

    return parse_duration(text)


def age(text: str) -> timedelta:
    """Return *text*, such as ``45m``, ``24h`` or ``7d``, as the time that has passed.

    A few seconds without a unit are refused: they are days, or hours, whose unit was forgotten.
    """
    match = AGE.fullmatch(text)
    if match and not match[2] and float(match[1]) < 3600:
        raise ValueError(f"has no unit: say {text}d, {text}h, {text}m or {text}s")
    passed = timedelta(**{UNITS[match[2]]: float(match[1])}) if match else timedelta()
    if not timedelta() < passed < timedelta(days=3650):
        raise ValueError("must be a number with s, m, h or d, such as 24h, more than 0")
    return passed


def issuers(text: str) -> tuple[str, ...]:
    """Return the domain names of CAs in *text*, which has commas between them."""
    from pipeline.configuration.values import issuers as parse_issuers  # noqa: PLC0415 - imports dnspython

    return parse_issuers(text)
