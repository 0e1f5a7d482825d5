"""Tell by an order's URL which CA it is with, in the names that CAA records use. Pure."""

from urllib.parse import urlsplit

ISSUERS = {
    "letsencrypt.org": ("letsencrypt.org",),
    "pki.goog": ("pki.goog",),
    "buypass.com": ("buypass.com",),
    "ssl.com": ("ssl.com",),
    "zerossl.com": ("sectigo.com",),
}
"""Issuer domain names, as their practice statements give them, by the domain of the ACME server."""


def issuers_of(order_uri: str) -> tuple[str, ...]:
    """Return the issuer domain names of the CA that *order_uri* leads to; empty if not known."""
    try:
        host = urlsplit(order_uri).hostname or ""
    except ValueError:
        return ()
    known = (names for domain, names in ISSUERS.items() if f".{host}".endswith(f".{domain}"))
    return next(known, ())
