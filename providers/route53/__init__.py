"""The Amazon Route 53 adapter."""

from .adapter import ADAPTER, Route53

__all__ = ["ADAPTER", "Route53"]
