"""The adapter for acme-dns servers."""

from .adapter import ADAPTER, AcmeDns

__all__ = ["ADAPTER", "AcmeDns"]
