"""Take the DNS stage off other ACME clients over HTTP: `dns01 serve`."""
