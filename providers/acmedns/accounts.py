"""The accounts at acme-dns servers, as lego and its kin keep them: a file of JSON.

``{"example.com": {"fulldomain": "ID.auth.example.org", "subdomain": "ID", "username": "...",
"password": "..."}}``; what else is in it counts for nothing.
"""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dns.name import Name

from providers.contract import Zone
from providers.errors import Misconfigured
from providers.names import domain_name

LIMIT = 1 << 20
"""Octets of the largest file taken."""


@dataclass(frozen=True, slots=True)
class Account:
    """What may write the values of one name, `fulldomain`."""

    fulldomain: Name
    subdomain: str
    username: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def zone(self) -> Zone:
        """The zone of the server, which gives every account a name right below its apex."""
        apex = self.fulldomain.parent()
        return Zone(apex, apex.to_text(omit_final_dot=True))


def read(path: Path, variable: str) -> dict[Name, Account]:
    """Return the accounts in the file at *path*, which *variable* names, by their names.

    Raises:
        Misconfigured: It is no such file, or others could have written it.
    """
    place = f"{variable} names {path}"
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(LIMIT + 1)
    except OSError as error:
        raise Misconfigured(f"{place}: {(error.strerror or str(error)).lower()}") from error
    if stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_IWOTH:
        raise Misconfigured(f"{place}: everybody can write to it", hint="chmod 600")
    try:
        document = json.loads(content)
        found = [account(each) for each in document.values()]
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError) as error:
        raise Misconfigured(
            f"{place}: it is no file of acme-dns accounts, each with fulldomain, subdomain, "
            "username and password",
            hint="lego and other clients write one when they register",
        ) from error
    return {each.fulldomain: each for each in found}


def account(document: Mapping[str, object]) -> Account:
    """Return the account in *document*.

    Raises:
        ValueError: It has a name that no server gives, or what cannot be sent.
        KeyError: It lacks something.
    """
    name = domain_name(document["fulldomain"]).canonicalize()
    subdomain, username, password = (
        word(document[key]) for key in ("subdomain", "username", "password")
    )
    if len(name) < 3:
        raise ValueError("no zone could have this name")
    return Account(name, subdomain, username, password)


def word(found: object) -> str:
    """Return *found*, which must be text that fits into a header."""
    if not (isinstance(found, str) and found.isascii() and found.isprintable() and found):
        raise ValueError("no text, or not for a header")
    return found
