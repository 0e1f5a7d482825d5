"""Fleets: inventories, waves, the supervisor and its workers."""
