"""Who may ask, and for which names. Pure."""

from base64 import b64decode
from dataclasses import dataclass, field
from hmac import compare_digest

from dns.name import Name

from .dialect import Refused


@dataclass(frozen=True, slots=True)
class Access:
    """What a request must have.

    Attributes:
        username: Empty, as the password: nobody needs one.
        names: Those that may be asked for, and all below them; empty: every name.
    """

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    names: tuple[Name, ...] = ()

    def admit(self, authorization: str) -> None:
        """Let a request with this header pass.

        Raises:
            Refused: 401.
        """
        if not self.password:
            return
        username, found, password = credentials(authorization).partition(b":")
        if not found:
            raise Refused(401, "a user name and a password are wanted, and none came")
        known = compare_digest(username, self.username.encode())
        if not compare_digest(password, self.password.encode()) or not known:
            whose = "the password" if known else "the user name"
            raise Refused(
                401, "this user name and password are not those wanted", told=f"{whose} is wrong"
            )

    def allow(self, host: Name) -> None:
        """Let *host* be served.

        Raises:
            Refused: 403.
        """
        if self.names and not any(host.is_subdomain(each) for each in self.names):
            name = host.to_text(omit_final_dot=True)
            raise Refused(
                403, f"{name} is not served here", "it is not within DNS01_SERVE_NAMES of dns01"
            )


def credentials(authorization: str) -> bytes:
    """Return ``user:password`` of a Basic *authorization* (RFC 7617); empty if it is none."""
    scheme, _, packed = authorization.partition(" ")
    try:
        return b64decode(packed.strip(), validate=True) if scheme.lower() == "basic" else b""
    except ValueError:
        return b""
