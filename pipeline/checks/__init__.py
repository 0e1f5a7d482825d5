"""Judge a zone as a CA's validator would, beyond the TXT record: what else makes it say no."""
