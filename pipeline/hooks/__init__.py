"""Be the DNS-01 stage of another ACME client: `dns01 hook CLIENT`."""
