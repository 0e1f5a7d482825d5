"""The adapter for servers of lego's httpreq protocol."""

from .adapter import ADAPTER, Httpreq

__all__ = ["ADAPTER", "Httpreq"]
