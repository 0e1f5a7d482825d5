"""Killed at every step: nothing is lost, whatever the step."""
