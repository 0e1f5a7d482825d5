"""An order's URL tells the CA, and nothing that only looks like one does."""

import pytest

from pipeline.orders.issuers import issuers_of


@pytest.mark.parametrize(
    ("uri", "issuers"),
    [
        ("https://acme-v02.api.letsencrypt.org/acme/order/1/2", ("letsencrypt.org",)),
        ("https://LETSENCRYPT.org/1", ("letsencrypt.org",)),
        ("https://acme.zerossl.com/v2/DV90/order/x", ("sectigo.com",)),
        ("https://dv.acme-v02.api.pki.goog/order/x", ("pki.goog",)),
        ("https://notletsencrypt.org/1", ()),
        ("https://letsencrypt.org.example.net/1", ()),
        ("https://127.0.0.1:14000/my-order/x", ()),
        ("https://[::1", ()),
        ("", ()),
    ],
)
def test_the_url_tells(uri: str, issuers: tuple[str, ...]) -> None:
    """
    The host is one of the CA's domain, by whole labels, whatever its case.
    """
    assert issuers_of(uri) == issuers
