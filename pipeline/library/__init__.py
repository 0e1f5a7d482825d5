"""The stage for Python programs: what `from pipeline import ready` gives.

Each call is a run of its own, as one of the command: it has its own clock, connections and
receipt, reads no argument, prints nothing, sets no signal handler and never exits. It blocks;
from a coroutine, call it by `asyncio.to_thread`.
"""
