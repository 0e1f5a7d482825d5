"""The adapter for the providers of dns-lexicon."""

from .adapter import ADAPTER, Lexicon

__all__ = ["ADAPTER", "Lexicon"]
