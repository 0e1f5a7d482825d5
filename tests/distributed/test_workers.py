"""Workers that die: nothing is lost, nothing ordered or written twice."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from celery.result import AsyncResult
from redis import Redis

from pipeline.distributed import app as own
from pipeline.distributed.tasks import ready, submit, submit_cleaning
from providers.errors import Unavailable
from tests.bridge import CANARY, Site, leaf, opened, until

from .impatient import VISIBLE_AFTER
from .workers import QUEUE, Worker, environment, redis, submitting, working

IMPATIENT = "tests.distributed.impatient"
DIED = "exited with 'signal 9"

PATIENCE = 90
"""Seconds within which a worker starts and does its task, even where a machine has much to do."""


@dataclass
class Fleet:
    """A site, and what a worker for it needs to know."""

    site: Site
    broker: str
    variables: dict[str, str]

    def submit(self, *hosts: str, **choices: float) -> AsyncResult:
        """Submit one wave."""
        [result] = submit(hosts, **choices)
        return result


@pytest.fixture(scope="module", params=["files", "redis"])
def fleet(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    """Return a site whose API gives new values with each order, and a broker."""
    folder = tmp_path_factory.mktemp("fleet")
    with pytest.MonkeyPatch.context() as patch, opened(folder, lags=[0.0], renews=True) as site:
        for name, value in environment(site).items():
            patch.setenv(name, value)
        if request.param == "files":
            with submitting(own.configuration()):
                yield Fleet(site, request.param, {})
            return
        with redis(folder) as url:
            patch.setenv("CELERY_BROKER_URL", url)
            with submitting({"broker_url": url, **own.configuration()}):
                yield Fleet(site, url, {"CELERY_BROKER_URL": url})


@pytest.fixture(scope="module")
def worker(fleet: Fleet) -> Iterator[Worker]:
    with working(fleet.site, fleet.variables, IMPATIENT) as worker:
        yield worker


def is_ready(result: AsyncResult, *hosts: str) -> dict[str, Any]:
    """Return the report that *result* comes to, which is that all of *hosts* are ready."""
    report: dict[str, Any] = result.get(timeout=PATIENCE)
    assert (report["schema"], report["status"], report["exit"]) == (1, "ready", 0)
    assert {order["name"] for order in report["orders"]} == {*hosts}
    assert {record["name"] for record in report["records"]} == {str(leaf(host)) for host in hosts}
    return report


def before_anything(worker: Worker) -> Callable[..., object]:
    """Kill while zones are asked for: there is an order, and nothing in DNS."""
    return once("zones", worker.kill_child)


def before_the_host_wrote(worker: Worker) -> Callable[..., object]:
    """Kill in the middle of a write that is never made."""

    def kill() -> None:
        worker.kill_child()
        raise Unavailable("it never came")

    return once("append", kill)


def when_the_host_wrote(worker: Worker) -> Callable[..., object]:
    """Kill in the middle of a write that is made all the same."""
    return once("append", worker.kill_child)


def once(verb: str, act: Callable[[], object]) -> Callable[..., object]:
    """Return what does *act* before the host's first *verb*."""
    left = [act]

    def before(said: str, _content: object) -> None:
        if said == verb and left:
            left.pop()()

    return before


@pytest.mark.parametrize("fleet", ["files"], indirect=True)
@pytest.mark.parametrize("point", [before_anything, before_the_host_wrote, when_the_host_wrote])
def test_a_process_that_dies_at_work(
    fleet: Fleet, worker: Worker, point: Callable[[Worker], Callable[..., object]]
) -> None:
    """
    Its task is done by another, with the order that there is: one request, one value in DNS.
    """
    host = f"{point.__name__.replace('_', '-')}.example.com"
    asked, died = fleet.site.orders.requests, worker.said.count(DIED)
    fleet.site.bridge.before = point(worker)
    report = is_ready(fleet.submit(host), host)
    assert fleet.site.orders.requests == asked + 1
    assert fleet.site.dns.values(leaf(host)) == {record["value"] for record in report["records"]}
    assert worker.said.count(DIED) == died + 1
    assert CANARY not in worker.said


def test_a_process_that_dies_waiting(fleet: Fleet, worker: Worker) -> None:
    """
    The same once values are written; and what two tasks wrote, a third removes.
    """
    hosts = ("one.example.com", "two.example.com", "www.example.org")
    asked = fleet.site.orders.requests
    fleet.site.hide()
    result = fleet.submit(*hosts)
    until(lambda: all(fleet.site.dns.values(leaf(host)) for host in hosts))
    worker.kill_child()
    fleet.site.show()
    report = is_ready(result, *hosts)
    assert fleet.site.orders.requests == asked + len(hosts)
    for host in hosts:
        [value] = fleet.site.dns.values(leaf(host))
        assert value in {record["value"] for record in report["records"]}
    [cleaning] = submit_cleaning(hosts)
    assert cleaning.get(timeout=PATIENCE)["status"] == "cleaned"
    assert not any(fleet.site.dns.values(leaf(host)) for host in hosts)


@pytest.mark.parametrize("fleet", ["files"], indirect=True)
def test_what_is_not_ready_is_tried_again(fleet: Fleet, worker: Worker) -> None:
    """
    After a pause, with the order that there is. What nobody serves is not; it is in the result.
    """
    asked = fleet.site.orders.requests
    fleet.site.hide()
    result = fleet.submit("late.example.com", "www.nobody.test", timeout=3.0)
    until(lambda: f"{result.id}] retry: Retry in 1" in worker.said)
    fleet.site.show()
    report = result.get(timeout=PATIENCE)
    ends = {order["name"]: order["exit"] for order in report["orders"]}
    assert ends.pop("late.example.com") == 0
    assert ends == {"www.nobody.test": report["exit"]}
    assert report["exit"] not in {0, 69, 75}
    assert {each["code"] for each in report["problems"]} >= {
        order["problem"] for order in report["orders"] if order["exit"]
    }
    assert fleet.site.orders.requests == asked + 2


@pytest.mark.parametrize("fleet", ["files"], indirect=True)
def test_what_is_submitted_twice_is_ordered_once(fleet: Fleet, worker: Worker) -> None:
    """
    Within the hour what is ready is confirmed again; a task that was called wrongly fails.
    """
    asked = fleet.site.orders.requests
    host = "again.example.com"
    first, second = (is_ready(fleet.submit(host), host) for _ in range(2))
    assert [each["value"] for each in first["records"]] == [
        each["value"] for each in second["records"]
    ]
    assert fleet.site.orders.requests == asked + 1
    wrong = ready.apply_async(([host],), {"environment": {}}, queue=QUEUE)
    with pytest.raises(TypeError, match="a task takes no environment"):
        wrong.get(timeout=PATIENCE)
    assert not [word for word in (CANARY, "HTTP Request", "httpcore") if word in worker.said]


def await_redelivery(fleet: Fleet) -> None:
    """Wait until Redis may deliver again what is not acknowledged."""
    with Redis.from_url(fleet.broker) as client:
        until(lambda: (
            client.zcard("unacked_index")
            == client.zcount("unacked_index", 0, time.time() - VISIBLE_AFTER)
            > 0
        ))  # fmt: skip


@pytest.mark.parametrize("fleet", ["redis"], indirect=True)
def test_a_task_that_is_delivered_twice(fleet: Fleet, worker: Worker) -> None:
    """
    Two workers at the same task do no harm: one of them has the name, the other tries later.
    """
    host = "twice.example.com"
    asked = fleet.site.orders.requests
    fleet.site.hide()
    result = fleet.submit(host)
    until(lambda: fleet.site.dns.values(leaf(host)))
    written = fleet.site.bridge.calls.count(("append", "example.com."))
    await_redelivery(fleet)
    with working(fleet.site, fleet.variables, IMPATIENT) as other:
        until(lambda: f"{result.id}] retry: Retry in 1" in other.said)
        assert "retry" not in worker.said.partition(result.id)[2]
        fleet.site.show()
        report = is_ready(result, host)
    assert fleet.site.orders.requests == asked + 1
    assert fleet.site.bridge.calls.count(("append", "example.com.")) == written
    assert fleet.site.dns.values(leaf(host)) == {record["value"] for record in report["records"]}


def test_a_machine_that_goes_away(fleet: Fleet, worker: Worker) -> None:
    """
    Redis delivers its task to another worker. Files do not: it is submitted again. Either way the
    order that there is gets ready.
    """
    host = "gone.example.com"
    asked = fleet.site.orders.requests
    fleet.site.hide()
    result = fleet.submit(host)
    until(lambda: fleet.site.dns.values(leaf(host)))
    worker.kill()
    fleet.site.show()
    if fleet.broker == "files":
        result = fleet.submit(host)
    else:
        await_redelivery(fleet)
    with working(fleet.site, fleet.variables, IMPATIENT):
        report = is_ready(result, host)
    assert fleet.site.orders.requests == asked + 1
    assert fleet.site.dns.values(leaf(host)) == {record["value"] for record in report["records"]}
