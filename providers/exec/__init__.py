"""The adapter for any program that speaks lego's exec protocol."""

from .adapter import ADAPTER, Exec

__all__ = ["ADAPTER", "Exec"]
