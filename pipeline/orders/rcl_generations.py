"""The RCL SSL API in its generations: what is asked for where, and how answers look. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

from pipeline.model import Exit, Failed
from pipeline.text import printable

from .fields import RCL_V7, RCL_V8, Shape
from .identifiers import bases, hostname


@dataclass(frozen=True, slots=True)
class Asked:
    """A request below the base.

    Attributes:
        body: Sent as JSON; has secrets.
        is_secret: Whether no word of an answer may be shown, whatever it is.
    """

    method: str
    path: str
    body: Mapping[str, object] | None = field(default=None, repr=False)
    is_secret: bool = False


class Generation(Protocol):
    """One edition of the API, as it serves one subscription."""

    @property
    def subscription(self) -> str:
        """The subscription's id; opaque."""
        ...

    @property
    def ending(self) -> str:
        """How its base ends, for a hint."""
        ...

    @property
    def shape(self) -> Shape:
        """How its orders look."""
        ...

    @property
    def secret(self) -> str:
        """What its answers to an order may repeat, beside the key; empty: nothing."""
        ...

    def order(self, name: str) -> Asked:
        """Return the request that creates the order of certificate *name*.

        Raises:
            Failed: 65 or 78, if there can be none.
        """
        ...

    def certificate(self, name: str) -> Asked:
        """Return the request for the certificate *name*, whose answer has its private key."""
        ...


@dataclass(frozen=True, slots=True)
class V7:
    """The RCL SSL Core API."""

    subscription: str
    ending = "/public"
    shape = RCL_V7
    secret = ""

    def order(self, name: str) -> Asked:
        return Asked("GET", f"{self.certificate(name).path}/order")

    def certificate(self, name: str) -> Asked:
        subscription = quote(self.subscription, safe="")
        path = f"v1/subscription/{subscription}/core/certificate/{segment(name)}"
        return Asked("GET", path, is_secret=True)


@dataclass(frozen=True, slots=True)
class V8:
    """The RCL SSL API: an order is posted with all that its certificate is to be.

    Attributes:
        subscription: The subscription's id; opaque.
        email: Of the subscriber, for the CA.
        roots: The root domains of certificates.
        secret: The password of the PFX, which answers repeat.
    """

    subscription: str
    email: str
    roots: Sequence[str]
    secret: str = field(repr=False)
    ending = "/prod"
    shape = RCL_V8

    def order(self, name: str) -> Asked:
        body = {
            "certificateName": name.replace(" ", ""),
            "rootDomain": self._root(name),
            "challengeType": "dns",
            "email": self.email,
            "password": self.secret,
            "target": "Stand ALone",  # as the vendor spells it
            "isSAN": "," in name,
        }
        return Asked("POST", f"{self._within}/order/create", body)

    def certificate(self, name: str) -> Asked:
        path = f"{self._within}/get/certificatename/{segment(name)}"
        return Asked("GET", path, is_secret=True)

    @property
    def _within(self) -> str:
        """The path of everything that belongs to the subscription."""
        return f"v3/ssl/certificate/subscription/{quote(self.subscription, safe='')}"

    def _root(self, name: str) -> str:
        """Return the closest of the root domains around every name of certificate *name*."""
        covered = bases(name)
        around = [
            root
            for root in self.roots
            if (apex := hostname(root)) and all(base.is_subdomain(apex) for base in covered)
        ]
        if not around:
            raise Failed(
                Exit.CONFIG,
                "configuration",
                f"RCL_ROOT_DOMAIN names no domain around {printable(name)}",
                "it takes the root domain of each certificate, several with commas",
            )
        return max(around, key=len)


def segment(name: str) -> str:
    """Return certificate *name* as the vendor sends it in a path (RFC 3986 §3.3)."""
    return quote(name.replace(" ", ""), safe=",*")
