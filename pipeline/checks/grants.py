"""Read the issue and issuewild properties of CAA records (RFC 8659 §4, RFC 8657). Pure.

As Boulder reads them: a record with one malformed parameter is of no use as a
whole, issuers and account URIs are compared octet by octet, and a parameter of
RFC 8657 that is given twice can be met by nobody.
"""

import re
from dataclasses import dataclass

from pipeline.configuration.settings import Authority

METHODS = "validationmethods"
ACCOUNT = "accounturi"
WHITE = " \t"
TAG = re.compile(r"[0-9A-Za-z]*", re.ASCII)
VALUE = re.compile(r"[\x21-\x3a\x3c-\x7e]*", re.ASCII)
LABEL = re.compile(r"[0-9A-Za-z-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Grant:
    """A property that allows *issuer* to issue, under conditions.

    Attributes:
        issuer: The CA's issuer domain name; empty: nobody's.
        parameters: Tags and values, as given.
    """

    issuer: str
    parameters: tuple[tuple[str, str], ...] = ()

    def named(self, tag: str) -> tuple[str, ...]:
        """Return the values of the parameters called *tag*, spelt exactly so."""
        return tuple(value for name, value in self.parameters if name == tag)

    def allows_method(self, wanted: str) -> bool:
        """Whether the validation method *wanted* may be used (RFC 8657 §4)."""
        match self.named(METHODS):
            case ():
                return True
            case (methods,):
                # Boulder reads from the left, and gives up at the first that is no label.
                for method in methods.split(","):
                    if not LABEL.fullmatch(method):
                        return False
                    if method == wanted:
                        return True
                return False
            case _:
                return False

    @property
    def accounts(self) -> tuple[str, ...]:
        """The account URIs that it is limited to; several can be met by nobody (RFC 8657 §3)."""
        return self.named(ACCOUNT)

    def allows_account(self, account: str) -> bool:
        """Whether *account* may be used; where that is empty, whether any may."""
        match self.accounts:
            case ():
                return True
            case (only,):
                return bool(only) and account in {"", only}
            case _:
                return False

    def allows(self, authority: Authority) -> bool:
        """Whether *authority*, as far as it is known, may issue after its validation method."""
        return (
            (not authority.issuers or self.issuer in authority.issuers)
            and self.allows_method(authority.method)
            and self.allows_account(authority.account)
        )


def grant(value: bytes) -> Grant | None:
    """Return what a property *value* grants, or None if it is malformed (RFC 8659 §4.2)."""
    issuer, *rest = value.decode("latin-1").split(";")
    if len(rest) == 1 and not rest[0].strip(WHITE):
        rest = []
    parameters = []
    for parameter in rest:
        tag, equals, text = (part.strip(WHITE) for part in parameter.partition("="))
        if not equals or not TAG.fullmatch(tag) or not VALUE.fullmatch(text):
            return None
        parameters.append((tag, text))
    return Grant(issuer.strip(WHITE), tuple(parameters))
