"""What the settings of RFC 2136 say: a server's address, and a key."""

import base64
import re
from collections.abc import Mapping

import dns.name
import dns.tsig

from providers.contract import Setting
from providers.errors import Misconfigured
from providers.names import domain_name

NAMESERVER = Setting("RFC2136_NAMESERVER", "primary server, host[:port]")
KEY = Setting("RFC2136_TSIG_KEY", "name of the TSIG key")
SECRET = Setting("RFC2136_TSIG_SECRET", "its secret, in base64", secret=True)
ALGORITHM = Setting("RFC2136_TSIG_ALGORITHM", "its algorithm, hmac-sha256 if not set")

ALGORITHMS = ("hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")
BROKEN = ("hmac-md5", "hmac-md5.sig-alg.reg.int", "hmac-sha1")
ADDRESS = re.compile(r"(?:\[(?P<v6>[^\[\]\s]+)\]|(?P<host>[^:\[\]\s]+))(?::(?P<port>\d{1,5}))?")


class Key(dns.tsig.Key):
    """A TSIG key that keeps its secret out of its repr."""

    def __repr__(self) -> str:
        return f"<TSIG key {self}>"

    def __str__(self) -> str:
        return f"{self.name} ({self.algorithm.to_text(omit_final_dot=True)})"


def address(given: Mapping[str, str]) -> tuple[str, int]:
    """Return host, a name or an address, and port of the server.

    Raises:
        Misconfigured: There is none, or it reads otherwise.
    """
    text = given.get(NAMESERVER.name, "").strip()
    if not text:
        raise Misconfigured(f"{NAMESERVER.name} is not set", hint="name the zone's primary server")
    match = ADDRESS.fullmatch(text)
    host, port = (match["v6"] or match["host"], int(match["port"] or 53)) if match else ("", 0)
    if not 0 < port < 65536 or not _encodes(host):
        raise Misconfigured(
            f"{NAMESERVER.name} is not host[:port]: {text!r}",
            hint="such as ns1.example.com, 192.0.2.1:5353 or [2001:db8::1]",
        )
    return host, port


def key(given: Mapping[str, str]) -> Key | None:
    """Return the key, or None where updates are permitted by address.

    Raises:
        Misconfigured: Half of one is there, or it cannot be used. Never shows the secret.
    """
    name, secret = (given.get(setting.name, "").strip() for setting in (KEY, SECRET))
    if not name and not secret:
        return None
    if not name or not secret:
        present, missing = (KEY, SECRET) if name else (SECRET, KEY)
        raise Misconfigured(
            f"{missing.name} is missing beside {present.name}",
            hint="set both, or neither where the server permits updates by address",
        )
    return Key(_key_name(name), _octets(secret), _algorithm(given.get(ALGORITHM.name, "")))


def _encodes(host: str) -> bool:
    """Whether the system's resolver takes *host*; it does not complain by an OSError."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _key_name(text: str) -> dns.name.Name:
    try:
        return domain_name(text)
    except ValueError as error:
        raise Misconfigured(f"{KEY.name} is not a domain name: {text!r}") from error


def _octets(secret: str) -> bytes:
    try:
        return base64.b64decode(secret, validate=True)
    except ValueError as error:
        raise Misconfigured(
            f"{SECRET.name} is not base64",
            hint='copy what stands in quotes after "secret" in the server\'s key file',
        ) from error


def _algorithm(text: str) -> dns.name.Name:
    name = text.strip().lower().rstrip(".") or "hmac-sha256"
    if name in BROKEN:
        raise Misconfigured(
            f"{ALGORITHM.name} {name} is refused: RFC 8945 §6 rules out MD5 and advises against"
            " SHA-1",
            hint="make a key with `tsig-keygen -a hmac-sha256`",
        )
    if name not in ALGORITHMS:
        raise Misconfigured(
            f"{ALGORITHM.name} is not known: {text!r}", hint=f"one of {', '.join(ALGORITHMS)}"
        )
    return dns.name.from_text(name)
