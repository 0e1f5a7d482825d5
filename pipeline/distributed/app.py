"""An application for who has none: ``celery -A pipeline.distributed.app worker -Q dns01``.

The broker is what ``CELERY_BROKER_URL`` says, results are kept where ``CELERY_RESULT_BACKEND``
does. Without them both are folders in the state folder: enough for one machine and a try.
"""

from argparse import Namespace
from typing import Any

from celery import Celery
from celery.signals import after_setup_logger

from pipeline.configuration import config
from pipeline.configuration.environment import Environment
from pipeline.files import unwritable

from .tasks import SETTINGS
from .waves import QUEUE

KEEPERS = ("redis", "rediss")
"""Brokers that keep results as well."""

FOLDERS = ("messages", "bindings", "results")

TALKATIVE = ("boto3", "botocore", "cloudflare", "httpcore", "httpx", "urllib3")
"""Who would log each request, and at level DEBUG what is in it; the worker's log is everybody's."""


def configuration() -> dict[str, Any]:
    """Return what the application is configured with, where no variable of Celery's says it.

    Raises:
        Failed: 78, if the configuration is wrong, or the folder cannot be made.
    """
    environment = Environment.of_process()
    broker = environment.get("CELERY_BROKER_URL")
    decided = {**SETTINGS, "task_default_queue": QUEUE}
    if broker:
        keeps = broker.partition(":")[0] in KEEPERS
        return decided | ({"result_backend": broker} if keeps else {})
    nothing = Namespace(config=None, state_dir=None)
    state = config.settings(nothing, environment).state_dir
    folder = state / "celery"
    try:
        for each in (state, folder, *(folder / name for name in FOLDERS)):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    places = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "bindings"),
    }
    return decided | {
        "broker_url": "filesystem://localhost",
        "broker_transport_options": {**SETTINGS["broker_transport_options"], **places},
        "result_backend": f"file://{folder / 'results'}",
    }


app = Celery("dns01", include=["pipeline.distributed.tasks"])
app.add_defaults(configuration)


def hush(logger: Any, **_: object) -> None:  # noqa: ANN401 - the root of all loggers
    """Let nobody log requests; what is wrong with one is in the report."""
    for name in TALKATIVE:
        logger.getChild(name).setLevel("WARNING")


after_setup_logger.connect(hush)
