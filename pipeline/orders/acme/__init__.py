"""Orders from a CA by ACME (RFC 8555), on the acme and josepy packages; loaded when chosen."""
