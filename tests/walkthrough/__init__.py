"""What a reader types, page by page, against servers on loopback."""
