"""Finalize the ACME order that dns01 got ready: finalize_acme.py REQUEST.pem CHAIN.pem.

It runs as the command of `dns01 run --order acme --respond NAME -- ...`, by the Python that has
dns01[acme], and reads what dns01 has read: ACME_DIRECTORY_URL, ACME_ACCOUNT_KEY_FILE (PEM, EC
P-256 or RSA), SSL_CERT_FILE; and DNS01_ORDER_URI, which dns01 sets.
"""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

from acme import messages
from acme.client import ClientNetwork, ClientV2
from josepy.jwa import ES256, RS256
from josepy.jwk import JWK, JWKEC


def main(request: Path, chain: Path) -> None:
    """Send the signing *request*, and write the certificate and its *chain*."""
    key = JWK.load(Path(os.environ["ACME_ACCOUNT_KEY_FILE"]).read_bytes())
    network = ClientNetwork(key, alg=ES256 if isinstance(key, JWKEC) else RS256)
    network.verify_ssl = os.getenv("SSL_CERT_FILE") or True
    ca = ClientV2(ClientV2.get_directory(os.environ["ACME_DIRECTORY_URL"], network), network)
    ca.query_registration(messages.RegistrationResource(body=messages.NewRegistration()))

    url = os.environ["DNS01_ORDER_URI"]
    body = network.post(url, None, new_nonce_url=ca.directory["newNonce"]).json()
    order = messages.OrderResource(
        body=messages.Order.from_json(body),
        uri=url,
        authorizations=[],
        csr_pem=request.read_bytes(),
    )
    issued = ca.finalize_order(order, datetime.now() + timedelta(minutes=5))
    chain.write_text(issued.fullchain_pem)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
