"""Orders from the RCL SSL Core API, and when the certificates they would renew end.

The request for an order *creates* one at the CA, against a quota of 100 a week,
so it is made once and never repeated: not after an error, not after a redirect,
which would also carry the key away. Whether the request for a certificate
counts is not known, so that is made once as well.
"""

import hashlib
from dataclasses import replace
from datetime import datetime

import httpx

from pipeline.model import Failed, Order
from pipeline.receipts.receipt import normal

from .due import NONE_YET, Certificate, certificate
from .identifiers import bases
from .intake import read_order
from .rcl_client import RclClient
from .rcl_generations import Generation

TIMEOUT = httpx.Timeout(15.0, read=100.0)
"""Seconds; the service talks to the CA before it answers."""


class RclSource:
    """The orders of one subscription."""

    name = "rcl"
    resumes = True

    def __init__(
        self,
        base: str,
        generation: Generation,
        key: str,
        *,
        trust_env: bool,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        """Keep what a request needs; sends nothing.

        Args:
            base: URL up to and without the edition's path; https, or http to loopback.
            generation: The edition of the API, and whose orders are asked for.
            key: The API key; opaque.
            trust_env: Whether proxies named in the environment are used.
            timeout: Of each step of the request.
        """
        base = base.rstrip("/")
        self._generation = generation
        self._client = RclClient(base, generation, key, timeout, trust_env=trust_env)
        self.account = hashlib.sha256(f"{base} {generation.subscription}".encode()).hexdigest()[:16]

    def fetch(self, name: str) -> Order:
        """Create the order of certificate *name*: exactly one request."""
        bases(name)  # what names no certificate costs no request
        shape = self._generation.shape
        asked = self._generation.order(spelt(name))
        response, body = self._client.ask(asked)
        if not response.is_success:
            raise self._client.failure(asked, response, body)
        if self._generation.secret:  # repeated in every answer, and no part of an order
            body = self._client.without_secrets(body)
        try:
            return self._hiding_secrets(read_order(body, name, self.name, shape))
        except Failed:
            # The same words but for the key.
            read_order(self._client.without_secrets(body), name, self.name, shape)
            raise

    def certificate(self, name: str, today: datetime) -> Certificate:
        """Return what is known of certificate *name*: exactly one request.

        Of the answer nothing is kept but the time the certificate ends.

        Raises:
            Failed: 65, 69, 77 or 78, if that may be otherwise at the next try.
        """
        bases(name)
        asked = self._generation.certificate(spelt(name))
        response, body = self._client.ask(asked)
        match response.status_code:
            case 404:
                return NONE_YET
            case 400:
                return Certificate(doubt="it says HTTP 400")
            case _ if response.is_success:
                return certificate(body, today)
            case _:
                raise self._client.failure(asked, response, body)

    def _hiding_secrets(self, order: Order) -> Order:
        """Return *order* with secrets hidden in what people and logs get to see of it."""
        hidden = self._client.hidden
        remarks = tuple(replace(each, message=hidden(each.message)) for each in order.remarks)
        return replace(order, uri=hidden(order.uri), remarks=remarks)


def spelt(name: str) -> str:
    """Return certificate *name* as it is asked for: in one spelling, each domain once."""
    return ",".join(dict.fromkeys(normal(name).split(",")))
