"""A test-only ACME client: it orders at Pebble and leaves dns-01 to dns01."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from acme import challenges, client, messages
from acme.client import ClientNetwork, ClientV2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from .lab.pebble import Pebble


class Patient(ClientNetwork):
    """Pebble refuses a nonce now and then; the acme package tries only twice."""

    def post(self, *arguments: Any, **options: Any) -> Any:
        for _ in range(5):
            try:
                return super().post(*arguments, **options)
            except messages.Error as error:
                if error.code != "badNonce":
                    raise
        raise AssertionError("Pebble refused five nonces in a row")


class AcmeAccount:
    """A new account at *pebble*."""

    def __init__(self, pebble: Pebble) -> None:
        self._key = JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
        network = Patient(
            self._key,
            alg=ES256,
            verify_ssl=str(pebble.ca),  # type: ignore[arg-type]  # requests takes a CA file here
            timeout=10,
        )
        directory = ClientV2.get_directory(pebble.directory, network)
        self._client = client.ClientV2(directory, network)
        self._client.new_account(messages.NewRegistration.from_data(terms_of_service_agreed=True))

    def order(self, names: Sequence[str]) -> messages.OrderResource:
        """Return a new order for *names*."""
        key = ec.generate_private_key(ec.SECP256R1())
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([]))
            .add_extension(
                x509.SubjectAlternativeName(list(map(x509.DNSName, names))), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        return self._client.new_order(request.public_bytes(serialization.Encoding.PEM))

    def document(self, order: messages.OrderResource) -> dict[str, object]:
        """Return *order* as the RCL SSL Core API would show it."""
        return {
            "status": order.body.status.name,
            "validationTokens": [
                {
                    "tokenName": "_acme-challenge",
                    "tokenValue": self._dns01(authorization).chall.validation(self._key),
                    "challengeType": "DNS",
                    "domain": identifier(authorization),
                }
                for authorization in order.authorizations
                if authorization.body.status == messages.STATUS_PENDING
            ],
            "orderUri": order.uri,
            "certificateUri": None,
        }

    def finish(self, order: messages.OrderResource) -> x509.Certificate:
        """Have the CA validate, finalize, and return the certificate.

        Raises:
            acme.errors.ValidationError: If the CA does not see what it should.
        """
        for authorization in order.authorizations:
            if authorization.body.status == messages.STATUS_PENDING:
                challenge = self._dns01(authorization)
                self._client.answer_challenge(challenge, challenge.chall.response(self._key))
        finished = self._client.poll_and_finalize(
            order,
            datetime.now() + timedelta(seconds=90),  # noqa: DTZ005 - the client compares so
        )
        return x509.load_pem_x509_certificate(finished.fullchain_pem.encode())

    def validate(self, order: messages.OrderResource) -> bool:
        """Have the CA validate the one authorization of *order*; return whether it is valid."""
        [authorization] = order.authorizations
        challenge = self._dns01(authorization)
        self._client.answer_challenge(challenge, challenge.chall.response(self._key))
        for _ in range(200):
            status = self._client.poll(authorization)[0].body.status
            if status not in {messages.STATUS_PENDING, messages.STATUS_PROCESSING}:
                return bool(status == messages.STATUS_VALID)
            time.sleep(0.05)
        raise TimeoutError(f"still {status} after 10 s")

    def values(self, order: messages.OrderResource) -> set[str]:
        """Return the TXT values that *order* needs."""
        return {self._dns01(each).chall.validation(self._key) for each in order.authorizations}

    @staticmethod
    def _dns01(authorization: messages.AuthorizationResource) -> messages.ChallengeBody:
        [challenge] = [
            body
            for body in authorization.body.challenges
            if isinstance(body.chall, challenges.DNS01)
        ]
        return challenge


def identifier(authorization: messages.AuthorizationResource) -> str:
    """Return the name as it was ordered."""
    body = authorization.body
    return f"*.{body.identifier.value}" if body.wildcard else str(body.identifier.value)


def names(certificate: x509.Certificate) -> set[str]:
    """Return the DNS names in *certificate*."""
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return set(extension.value.get_values_for_type(x509.DNSName))
