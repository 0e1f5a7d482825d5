"""Keep on disk what is about to be written, until it is gone from DNS."""
