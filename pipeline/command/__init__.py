"""Speak with the user, the terminal and the CI job: a command line, from start to exit status."""
