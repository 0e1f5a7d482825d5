"""Talk to a CA as one of its accounts: each method is a request or two (RFC 8555 §7)."""

from collections.abc import Sequence
from functools import cached_property

import requests
from acme import errors, messages
from acme.challenges import DNS01Response
from acme.client import ClientV2
from josepy.interfaces import JSONDeSerializable

from pipeline.configuration.acme import AcmeAccount
from pipeline.model import Exit, Failed
from pipeline.orders.identifiers import hostname

from .abreast import abreast
from .answers import authorization_in, order_in
from .keys import Key
from .network import Network
from .problems import gone, translated, unregistered


class Session:
    """The conversation of *account*, whose key is *key*; begins with the first question.

    Once that has led to the account's URL, threads may go on with it side by side.
    Every method raises `Failed`: 65, 69, 77 or 78, with the CA's own words.
    """

    def __init__(self, account: AcmeAccount, key: Key) -> None:
        self._settings = account
        self._key = key
        self._network = Network(key, is_local=account.is_local, trust=account.trust)

    @cached_property
    def _directory(self) -> messages.Directory:
        """The CA's directory (RFC 8555 §7.1.1)."""
        url, last = self._settings.directory, self._network.last
        try:
            with translated("the directory", url, last):
                found = ClientV2.get_directory(url, self._network)
                if {"newNonce", "newAccount", "newOrder"} <= {*found.to_partial_json()}:
                    return found
                raise LookupError("a directory has these")
        except Failed as failed:
            if last.status not in {200, 404, 405, 410}:
                raise
            why = failed.problem.message
            hint = "does ACME_DIRECTORY_URL name the CA's directory?"
            raise Failed(Exit.CONFIG, "order-url", f"{why}: no ACME directory", hint) from failed

    @cached_property
    def issuers(self) -> tuple[str, ...]:
        """The CA's names in CAA records, as itself says."""
        with translated("the directory", self._settings.directory, self._network.last):
            listed = self._directory.meta.caa_identities or ()
            return tuple(each.lower() for each in listed if hostname(each))

    @cached_property
    def account(self) -> str:
        """The account's URL; the account is made if there is none, and the user wants that."""
        directory = self._directory
        client = ClientV2(directory, self._network)
        with translated("the account's key", directory["newAccount"], self._network.last):
            try:
                return self._look_up(client)
            except messages.Error as error:
                if error.code != "accountDoesNotExist":
                    raise
        if not self._settings.accepts_terms:
            raise unregistered(str(directory.meta.terms_of_service or ""))
        with translated("a new account", directory["newAccount"], self._network.last):
            self._network.account = None
            try:
                return str(client.new_account(self._registration()).uri or "")
            except errors.ConflictError:  # another run was faster
                return self._look_up(client)

    def _look_up(self, client: ClientV2) -> str:
        """Return the URL of the account that the key has, and sign by it from now on."""
        unknown = messages.RegistrationResource(body=messages.NewRegistration())
        found = client.query_registration(unknown)
        if found.body.status in {"deactivated", "revoked"}:
            raise gone(found.body.status)
        return str(found.uri)

    def _registration(self) -> messages.NewRegistration:
        """Return what a new account is asked for with (RFC 8555 §7.3)."""
        settings = self._settings
        bound = settings.external and messages.ExternalAccountBinding.from_data(
            self._key.jwk.public_key(),
            settings.external.kid,
            settings.external.hmac_key,
            self._directory,
        )
        more = {"external_account_binding": bound} if bound else {}
        return messages.NewRegistration(
            contact=settings.contact, terms_of_service_agreed=True, **more
        )

    def new_order(self, names: Sequence[str]) -> tuple[str, messages.Order]:
        """Have the CA make an order for *names*; return its URL and what it says."""
        kind = messages.IDENTIFIER_FQDN
        wanted = [messages.Identifier(typ=kind, value=name) for name in names]
        url = str(self._directory["newOrder"])
        with translated("the order", url, self._network.last):
            response = self._post(url, messages.NewOrder(identifiers=wanted))
            return str(response.headers["Location"]), order_in(response.json())

    def order(self, url: str) -> messages.Order:
        """Return what the CA says of its order at *url*."""
        with translated("the order", url, self._network.last):
            return order_in(self._post(url, None).json())

    def authorization(self, url: str) -> messages.Authorization:
        """Return what the CA says of its authorization at *url*."""
        with translated("an authorization", url, self._network.last):
            return authorization_in(self._post(url, None).json())

    def authorizations(self, urls: Sequence[str]) -> dict[str, messages.Authorization]:
        """Return what the CA says of each of its authorizations at *urls*, in their order."""
        return dict(zip(urls, abreast(self.authorization, urls), strict=True))

    def answer(self, url: str) -> None:
        """Tell the CA that the challenge at *url* is met (RFC 8555 §7.5.1)."""
        with translated("the answer to a challenge", url, self._network.last):
            self._post(url, DNS01Response(key_authorization=""))  # which is sent as {}

    @property
    def retry_after(self) -> float:
        """The seconds that the CA wanted to be left alone when it last answered."""
        said = self._network.last.headers.get("Retry-After", "")
        return float(said) if said.isascii() and said.isdigit() else 0.0

    def _post(self, url: str, body: JSONDeSerializable | None) -> requests.Response:
        """Send *body*, signed as the account's; without one it is POST-as-GET (RFC 8555 §6.3)."""
        if not self.account:
            raise LookupError("an account without a URL")
        return self._network.post(url, body, new_nonce_url=self._directory["newNonce"])
