"""What the configuration may say: each key once, for reader, schema, sample and documentation.

One more `Key` below is read, checked, completed, put into the schema and the sample, and
beaten by its variable. `config.settings` finds its value as ``decided("table.key")``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .kinds import (
    ADDRESSES,
    CHALLENGE,
    DOMAINS,
    DURATION,
    ISSUERS,
    LIMIT,
    NAMES,
    PATH,
    REQUIRE,
    SOURCE,
    SWITCH,
    TEXT,
    Kind,
)
from .settings import CHALLENGES


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table.

    Attributes:
        meaning: The rest of a sentence, for a person; without a full stop.
        variable: The environment variable that beats the file; empty: none.
        default: What holds where nothing is said, as the file has it; None: nothing does.
        example: What the sample shows if there is no default.
    """

    name: str
    kind: Kind
    meaning: str
    variable: str = ""
    default: Any = None
    example: Any = None

    @property
    def shown(self) -> object:
        """What the sample has as value."""
        return self.example if self.default is None else self.default


@dataclass(frozen=True, slots=True)
class Table:
    """A table of keys; `name` is empty for the top level."""

    name: str
    meaning: str
    keys: tuple[Key, ...]

    def place(self, key: Key) -> str:
        """Return where *key* is, for messages and for `config`."""
        return f"{self.name}.{key.name}" if self.name else key.name


TOP = Table(
    "",
    "what holds for every run",
    (
        Key(
            "provider",
            NAMES,
            "the DNS host of zones whose table names none; a list where several serve it",
            "DNS01_PROVIDER",
            example="cloudflare",
        ),
        Key(
            "resolvers",
            ADDRESSES,
            "resolvers to ask instead of the public set: ADDR[:PORT], tls://..., https://...",
            "DNS01_RESOLVERS",
            example=["192.0.2.53", "[2001:db8::53]:5353"],
        ),
        Key(
            "root_hints",
            ADDRESSES,
            "root servers to begin with, instead of the Internet's",
            "DNS01_ROOT_HINTS",
            example=["192.0.2.1"],
        ),
        Key(
            "require",
            REQUIRE,
            "whose confirmation is needed: quorum, all or authoritative",
            "DNS01_REQUIRE",
            default="quorum",
        ),
        Key("timeout", DURATION, "bounds the whole run", "DNS01_TIMEOUT", default="5m"),
        Key(
            "state_dir",
            PATH,
            "where receipts are kept",
            "DNS01_STATE_DIR",
            example="~/.local/state/dns01",
        ),
        Key(
            "shared_dir",
            PATH,
            "where all runs of this user count their requests together",
            "DNS01_SHARED_DIR",
            example="/var/tmp/dns01",  # noqa: S108 - shown to a person, not used
        ),
        Key(
            "issuer",
            ISSUERS,
            "your CA, as CAA records name it; or a list",
            "DNS01_ISSUER",
            example="letsencrypt.org",
        ),
        Key(
            "account_uri",
            TEXT,
            "your account there, for accounturi in CAA records (RFC 8657)",
            "DNS01_ACCOUNT_URI",
            example="https://ca.example/acct/1",
        ),
        Key(
            "order_limit",
            LIMIT,
            "the orders that your account may ask for in a time, counted over all runs",
            "DNS01_ORDER_LIMIT",
            example="300/3h",
        ),
        Key(
            "order",
            SOURCE,
            "where orders come from, rcl or acme",
            "DNS01_ORDER",
            default="rcl",
        ),
    ),
)

ACME = Table(
    "acme",
    "orders that this makes itself, at a CA that speaks ACME: --order acme",
    (
        Key(
            "directory_url",
            TEXT,
            "the CA's directory",
            "ACME_DIRECTORY_URL",
            example="https://acme-v02.api.letsencrypt.org/directory",
        ),
        Key(
            "account_key_file",
            PATH,
            "the account's private key, in PEM or as a JWK",
            example="/etc/dns01/account.pem",
        ),
        Key(
            "account_dir",
            PATH,
            "instead: the folder of an account of certbot's or lego's, or one above it",
            "ACME_ACCOUNT_DIR",
            example="/etc/letsencrypt/accounts",
        ),
        Key(
            "accept_tos",
            SWITCH,
            "make an account if the key has none, and agree to the CA's terms of service",
            "ACME_ACCEPT_TOS",
            default=False,
        ),
        Key(
            "contact",
            NAMES,
            "mail addresses for a new account; or a list",
            "ACME_CONTACT",
            example="hostmaster@example.com",
        ),
        Key(
            "eab_kid",
            TEXT,
            "the external account that a new account is bound to",
            "ACME_EAB_KID",
            example="kid-1",
        ),
        Key(
            "eab_hmac_key_file",
            PATH,
            "its key, base64url as the CA shows it",
            example="/etc/dns01/eab.key",
        ),
        Key(
            "challenge",
            CHALLENGE,
            "the kinds of challenge to meet, of several that a CA offers the first",
            "ACME_CHALLENGE",
            default=[*CHALLENGES],
        ),
    ),
)

SERVE = Table(
    "serve",
    "what other ACME clients may have written: dns01 serve",
    (
        Key(
            "names",
            DOMAINS,
            "the domains that are served, each with all below it; without, whatever is hosted",
            "DNS01_SERVE_NAMES",
            example=["example.com", "example.net"],
        ),
    ),
)

SECTIONS: tuple[Table, ...] = (ACME, SERVE)
"""Tables with a fixed name, such as ``[acme]``."""

ZONE = Table(
    'zones."example.com"',
    "one zone, and every name below it that has no closer table",
    (
        Key(
            "provider",
            NAMES,
            "its DNS host, or an account of yours; a list where several serve it",
            example="route53",
        ),
        Key(
            "zone_id",
            TEXT,
            "the host's own key; saves the listing, and tells twins apart",
            example="Z0123456789ABCDEFGHIJ",
        ),
        Key(
            "nameservers",
            ADDRESSES,
            "ask these, whatever the delegation says (split views, other ports)",
            example=["10.0.0.53", "10.0.0.54:5353"],
        ),
    ),
)

DECIDED: Mapping[str, Key] = {
    table.place(key): key for table in (TOP, *SECTIONS) for key in table.keys
}
"""Each key that has one value for the run, by its place."""
