"""The adapter for DNS UPDATE (RFC 2136)."""

from .adapter import ADAPTER, Rfc2136

__all__ = ["ADAPTER", "Rfc2136"]
