"""The former place of `pipeline.cleaning`."""

from .cleaning import clean

__all__ = ["clean"]
