"""The Cloudflare adapter."""

from .adapter import ADAPTER, Cloudflare

__all__ = ["ADAPTER", "Cloudflare"]
