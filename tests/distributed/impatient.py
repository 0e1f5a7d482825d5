"""The application, quick to think a process dead and a message lost, and to try again."""

from pipeline.distributed.app import app

VISIBLE_AFTER = 1
"""Seconds without an acknowledgement after which Redis's message is delivered again."""

app.conf.worker_lost_wait = 0.1
app.conf.broker_transport_options["visibility_timeout"] = VISIBLE_AFTER
app.conf.task_annotations = {"*": {"default_retry_delay": 1}}
