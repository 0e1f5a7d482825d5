"""Decide from evidence whether the CA would see the values, and gather that evidence."""
