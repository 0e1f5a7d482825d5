"""A source whose orders renew certificates: asked for one only where that is due."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from pipeline.model import Order

from . import OrderSource
from .due import Certificate


class CertificateSource(OrderSource, Protocol):
    """A source that also knows the certificates which its orders renew."""

    def certificate(self, name: str, today: datetime) -> Certificate:
        """Return what is known of certificate *name*, with one request. Blocks.

        Raises:
            Failed: 65, 69, 77 or 78, if that may be otherwise at the next try.
        """
        ...


class Renewing:
    """The orders of another source, and whether they are due.

    Attributes:
        within: The time before a certificate's end in which it is.
    """

    def __init__(
        self, source: CertificateSource, within: timedelta, today: Callable[[], datetime]
    ) -> None:
        self.name = source.name
        self.account = source.account
        self.resumes = source.resumes
        self.within = within
        self._source = source
        self._today = today

    def fetch(self, name: str) -> Order:
        return self._source.fetch(name)

    def certificate(self, name: str) -> Certificate:
        """Return what is known of certificate *name*, with one request. Blocks."""
        return self._source.certificate(name, self._today())

    def is_due(self, certificate: Certificate) -> bool:
        """Whether *certificate* is to be renewed now."""
        return certificate.is_due(self.within, self._today())
