"""Real workers and a real Redis, beside a site whose DNS host and order API are in this process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socket import socket

import pytest
from celery import Celery
from redis import Redis
from redis.exceptions import ConnectionError as Unreachable

from pipeline.distributed.tasks import SETTINGS
from tests.bridge import Site, until
from tests.documents import ROOT
from tests.lab import premises

QUEUE = "dns01.bridge"
APPLICATION = "pipeline.distributed.app"


class Worker:
    """A worker of one process, in a session of its own; what it says is in *log*."""

    def __init__(
        self, site: Site, log: Path, variables: dict[str, str], application: str = APPLICATION
    ) -> None:
        self._log = log
        words = [
            "--pool",
            "prefork",
            "--concurrency",
            "1",
            "--queues",
            QUEUE,
            "--loglevel",
            "DEBUG",
        ]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig", "KILL"),
                    *(sys.executable, "-m", "celery", "--app", application, "worker"),
                    *words,
                    *quiet,
                ],
                env=environment(site) | variables,
                cwd=site.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def kill_child(self) -> None:
        """Kill the process that works on a task, and leave the one that receives tasks."""
        threads = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        pids = [int(pid) for thread in threads for pid in thread.read_text().split()]
        assert pids, self.said
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        """Kill it whole, as a machine that is switched off."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def environment(site: Site) -> dict[str, str]:
    """Return what a worker has in its environment, and a submitter."""
    return site.environment | {
        "PYTHONPATH": f"{site.folder / 'packages'}:{ROOT}",
        "DNS01_PROVIDER": "bridge",
    }


@contextmanager
def working(
    site: Site, variables: dict[str, str], application: str = APPLICATION
) -> Iterator[Worker]:
    """Run a worker; it is killed in the end, whatever it is at."""
    number = len(list(site.folder.glob("worker*.log")))
    worker = Worker(site, site.folder / f"worker{number}.log", variables, application)
    try:
        yield worker
    except BaseException:
        print(worker.said)  # noqa: T201 - pytest shows it beside the failure
        raise
    finally:
        worker.kill()


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run Redis on loopback, which keeps nothing; its URL."""
    path = premises.program("redis-server")
    if path is None:
        leave_out = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        leave_out("redis-server is not installed")
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", path, *words, "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        with Redis(port=port) as client:
            until(lambda: answers(client))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


def answers(client: Redis) -> bool:
    """Whether Redis is there."""
    try:
        return bool(client.ping())
    except Unreachable:
        return False


@contextmanager
def submitting(settings: Mapping[str, object]) -> Iterator[Celery]:
    """Be a program that has an application of its own with *settings*, and submits tasks by it."""
    before = os.environ.copy()
    application = Celery("somebody's", set_as_current=False)
    application.conf.update({**SETTINGS, **settings})
    application.set_current()
    try:
        yield application
    finally:
        application.close()
        os.environ.clear()
        os.environ.update(before)
