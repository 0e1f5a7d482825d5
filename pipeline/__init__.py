"""From a certificate order to a confirmed "ready" for its dns-01 challenges."""

__version__ = "0.1.0"
