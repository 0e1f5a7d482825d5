"""Tasks without a worker: what they take, what they come to, and how the application is set up."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery.signals import before_task_publish, task_retry

from pipeline.distributed import app
from pipeline.distributed.attempts import TRIES
from pipeline.distributed.tasks import LONGEST, clean, ready, submit
from pipeline.fleet.inventory import Certificate
from pipeline.model import Failed
from tests.bridge import Site, leaf, opened

from .workers import environment, submitting

BROKER = "CELERY_BROKER_URL"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site in whose environment this process is, and somebody's application."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch, opened(folder, lags=[0.0], renews=True) as site:
        patch.syspath_prepend(str(folder / "packages"))
        for name, value in environment(site).items():
            patch.setenv(name, value)
        with submitting({"broker_url": "memory://"}):
            yield site


def test_a_task_comes_to_a_report(site: Site) -> None:
    """
    That of ready, as JSON has it; and that of clean, which removes the same.
    """
    names = ["a.example.com", "b.example.com"]
    report = ready.apply(args=(names,), kwargs={"renew_within_days": 30}).get()
    assert (report["schema"], report["status"]) == (1, "ready")
    assert all(site.dns.values(leaf(name)) for name in names)
    assert clean.apply(args=(names,)).get()["status"] == "cleaned"
    assert not any(site.dns.values(leaf(name)) for name in names)


def test_a_service_that_fails_is_tried_so_often(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    And then the report says so; the task itself has not failed.
    """
    asked = site.orders.requests
    monkeypatch.setenv("BRIDGE_URL", "http://127.0.0.1:1")
    retried: list[int] = []
    task_retry.connect(heard := lambda request, **_: retried.append(request.retries))
    result = ready.apply(args=(["c.example.com"],))
    task_retry.disconnect(heard)
    assert (result.state, result.get()["exit"]) == ("SUCCESS", 69)
    assert retried == [*range(TRIES)]
    assert site.orders.requests == asked + 1


@pytest.mark.parametrize(
    ("choices", "error", "said"),
    [
        ({"environment": {"BRIDGE_TOKEN": "x"}}, TypeError, "takes no environment"),
        ({"state_dir": "/tmp"}, TypeError, "takes no state_dir"),
        ({"config": "x.toml"}, TypeError, "takes no config"),
        ({"timeout": LONGEST + 1}, ValueError, f"{LONGEST} s at most"),
        ({"ttl": "60"}, TypeError, "ttl"),
        ({"timeout": "5m"}, TypeError, "timeout: a number of seconds"),
        ({"renew_within_days": "30"}, TypeError, "renew_within_days: a number of days"),
        ({"source": "elsewhere"}, ValueError, "source"),
    ],
)
@pytest.mark.usefixtures("site")
def test_what_a_task_does_not_take(
    choices: dict[str, Any], error: type[Exception], said: str
) -> None:
    """
    Is refused by whoever submits, and again by the worker: no path, no variable, no secret.
    """
    with pytest.raises(error, match=said):
        submit(["a.example.com"], **choices)
    with pytest.raises(error, match=said):
        ready.apply(args=(["a.example.com"],), kwargs=choices, throw=True)


@pytest.mark.parametrize(
    ("inventory", "choices", "exit_code", "said"),
    [
        (["a.example.com", "b_ad.example"], {}, 65, 'certificate 2: "b_ad.example" is not'),
        (["https://u:hunter2@ca.example/1"], {}, 65, "no user and password"),
        ([Certificate("a.example", "f:2", "acmee")], {}, 65, "f:2: order"),
        ([], {}, 65, "lists no certificate"),
        (["a.example.com"], {"provider": "brigde"}, 78, "no provider is called 'brigde'"),
        ([Certificate("a.example", "f:2", provider="brigde")], {}, 78, "'brigde'"),
    ],
)
@pytest.mark.usefixtures("site")
def test_an_inventory_that_the_command_refuses(
    inventory: list[Certificate | str], choices: dict[str, Any], exit_code: int, said: str
) -> None:
    """
    Is refused by whoever submits, with the same words, before any message is sent.
    """
    sent: list[object] = []
    before_task_publish.connect(heard := lambda **_: sent.append(1))
    with pytest.raises(Failed) as failed:
        submit(inventory, **choices)
    before_task_publish.disconnect(heard)
    assert (failed.value.exit, sent) == (exit_code, [])
    assert said in failed.value.problem.message
    assert "hunter2" not in repr(failed.value.problem)


@pytest.mark.usefixtures("site")
def test_one_text_is_no_inventory() -> None:
    """
    Its letters would be taken for certificates.
    """
    with pytest.raises(TypeError, match="not one text"):
        submit("a.example.com")


@pytest.mark.parametrize(
    ("broker", "results"),
    [
        ("redis://broker.test:6379/0", "redis://broker.test:6379/0"),
        ("rediss://broker.test:6379/0", "rediss://broker.test:6379/0"),
        ("amqp://broker.test", None),
    ],
)
def test_a_broker_that_is_named(
    site: Site, monkeypatch: pytest.MonkeyPatch, broker: str, results: str | None
) -> None:
    """
    Redis keeps results, too; another broker does not, and no folder is made for it.
    """
    monkeypatch.setenv(BROKER, broker)
    monkeypatch.setenv("DNS01_STATE_DIR", str(site.folder / "other"))
    assert app.configuration().get("result_backend") == results
    assert not (site.folder / "other").exists()


@pytest.mark.usefixtures("site")
def test_a_folder_is_the_broker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    Where none is named: one that only we can read. If it cannot be made: 78.
    """
    monkeypatch.delenv(BROKER, raising=False)
    monkeypatch.setenv("DNS01_STATE_DIR", str(tmp_path / "state"))
    places = app.configuration()["broker_transport_options"]
    made = [tmp_path / "state", *(tmp_path / "state").rglob("*")]
    assert len(made) == 5
    assert all(each.stat().st_mode & 0o077 == 0 for each in made)
    assert {Path(places[f"data_folder_{way}"]) for way in ("in", "out")} == {
        tmp_path / "state" / "celery" / "messages"
    }
    (tmp_path / "file").touch()
    monkeypatch.setenv("DNS01_STATE_DIR", str(tmp_path / "file"))
    with pytest.raises(Failed) as failed:
        app.configuration()
    assert failed.value.exit == 78
