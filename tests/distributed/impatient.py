"""The application, quick to think a process dead (10 s) and a message lost (2 h)."""

from pipeline.distributed.app import app

VISIBLE_AFTER = 1
"""Seconds without an acknowledgement after which Redis's message is delivered again."""

app.conf.worker_lost_wait = 0.1
app.conf.broker_transport_options["visibility_timeout"] = VISIBLE_AFTER
