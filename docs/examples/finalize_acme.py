"""Finalize the ACME order that dns01 got ready: finalize_acme.py REQUEST.pem CHAIN.pem [--check].

It runs as the command of `dns01 run --order acme --respond NAME -- ...`, by the Python that has
dns01[acme], and reads ACME_DIRECTORY_URL, ACME_ACCOUNT_KEY or ACME_ACCOUNT_KEY_FILE, and
SSL_CERT_FILE as dns01 does, no other setting; and DNS01_ORDER_URI, which dns01 sets.

With --check it asks nobody, and ends with 0 if it could begin. That comes before `dns01 run`: what
is wrong is then found before the CA has validated, which it does once for each order.
"""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

from acme import messages
from acme.client import ClientNetwork, ClientV2
from cryptography.x509 import load_pem_x509_csr
from josepy.jwa import ES256, ES384, ES512, RS256
from josepy.jwk import JWK

OF_CURVE = {"P-256": ES256, "P-384": ES384, "P-521": ES512}
"""How a key signs, by its curve (RFC 7518 §3.4)."""


def account() -> ClientNetwork:
    """Return what signs by the account's key, in PEM or a JWK."""
    text = os.getenv("ACME_ACCOUNT_KEY")
    if not text:
        text = Path(needed("ACME_ACCOUNT_KEY_FILE")).read_text()
    key = JWK.json_loads(text) if text.lstrip().startswith("{") else JWK.load(text.encode())
    fields = key.to_json()
    if "d" not in fields:
        sys.exit("finalize_acme.py: the account's key is no private key, EC or RSA")
    network = ClientNetwork(key, alg=OF_CURVE.get(fields.get("crv"), RS256))
    network.verify_ssl = os.getenv("SSL_CERT_FILE") or True
    return network


def needed(name: str) -> str:
    """Return the variable *name*."""
    return os.getenv(name) or sys.exit(f"finalize_acme.py: {name} is not set")


def finalize(url: str, network: ClientNetwork, directory: str, request: bytes) -> str:
    """Return the certificate with its chain that the order at *url* leads to."""
    ca = ClientV2(ClientV2.get_directory(directory, network), network)
    ca.query_registration(messages.RegistrationResource(body=messages.NewRegistration()))
    body = network.post(url, None, new_nonce_url=ca.directory["newNonce"]).json()
    order = messages.OrderResource(
        body=messages.Order.from_json(body), uri=url, authorizations=[], csr_pem=request
    )
    return ca.finalize_order(order, datetime.now() + timedelta(minutes=5)).fullchain_pem


def main(request: Path, chain: Path, *, only_check: bool) -> None:
    """Send the signing *request*, and write the certificate and its *chain*."""
    directory, network, asked = needed("ACME_DIRECTORY_URL"), account(), request.read_bytes()
    load_pem_x509_csr(asked)
    if chain.is_dir() or not os.access(chain if chain.exists() else chain.parent, os.W_OK):
        sys.exit(f"finalize_acme.py: {chain} cannot be written")
    if not only_check:
        chain.write_text(finalize(needed("DNS01_ORDER_URI"), network, directory, asked))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), only_check=sys.argv[3:] == ["--check"])
