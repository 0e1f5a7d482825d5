"""Many certificates in one run: an inventory in waves, each a run in a process of its own."""
