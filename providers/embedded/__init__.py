"""An authoritative server in this process that is also a provider."""

from .server import Embedded, Nameserver

__all__ = ["Embedded", "Nameserver"]
