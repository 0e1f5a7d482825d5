"""The real command at Route 53, and another tool that overwrites its record set meanwhile."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dns.message import Message
from dns.name import Name

from providers.contract import TXT, Zone
from providers.listener import Asked, proper
from tests.bridge import CANARY, Site, finish, opened, until, without_answer
from tests.standins.route53 import Ministack, Route53Front

from .merging import APEX, NAME, mergers, replay

if TYPE_CHECKING:
    import subprocess

HOST = "www.example.com"
OURS = "v" * 43
THEIRS = "theirs"


@dataclass
class Scene:
    """A zone at Route 53, whose name servers are in this process.

    Attributes:
        blink: How often the other tool strikes before a name server has shown our value.
        strikes: How often it does as soon as the first name server shows it.
    """

    site: Site
    front: Route53Front
    zone_id: str
    blink: int = 0
    strikes: int = 0

    def __post_init__(self) -> None:
        self.site.dns.behave(self.site.dns.addresses[0], self._noticing)

    def _noticing(self, _asked: Asked, reply: Message) -> Message:
        """Strike before the answer that shows our value arrives: before the next question."""
        if self.strikes and OURS in reply.to_text():
            self.strikes -= 1
            self.upsert()
        return reply

    def show(self, apex: Name, name: Name, values: set[str]) -> None:
        """Serve *values* at *name*; or erase ours before."""
        if OURS in values and self.blink:
            self.blink -= 1
            self.upsert()
            return
        zone, old = Zone(apex, apex.to_text()), self.site.dns.values(name)
        self.site.dns.append(zone, [TXT(name, value) for value in values - old], "")
        self.site.dns.delete(zone, [TXT(name, value) for value in old - values])

    def upsert(self) -> None:
        """Write over whatever stands at the name, as tools do that never read."""
        self.front.put(self.zone_id, NAME.to_text(), f'"{THEIRS}"')

    def start(self, value: str, timeout: str = "60s") -> "subprocess.Popen[str]":
        """Start the command for *value*."""
        return self.site.start(
            *("ready", "--from", self.site.document(HOST, value), "--provider", "route53"),
            *("--timeout", timeout, "--require", "authoritative", "--json"),
            AWS_ACCESS_KEY_ID=f"{CANARY}-id",
            AWS_SECRET_ACCESS_KEY=f"{CANARY}-secret",
            AWS_ENDPOINT_URL_ROUTE_53=self.front.url,
            AWS_EC2_METADATA_DISABLED="true",
        )

    def ready(self, timeout: str = "60s") -> tuple[dict[str, Any], str]:
        """Run the command to its end; return its report and what it said."""
        result = finish(self.start(OURS, timeout), timeout=90)
        assert self.front.upserts == 0
        report: dict[str, Any] = json.loads(result.stdout)
        assert report["exit"] == result.returncode, result
        return report, result.stderr

    def stored(self) -> set[str]:
        return self.front.values(self.zone_id, NAME.to_text())


@contextmanager
def staged(folder: Path, endpoint: str, lags: Sequence[float]) -> Iterator[Scene]:
    with opened(folder, lags=lags) as site:
        scenes: list[Scene] = []

        def show(apex: Name, name: Name, values: set[str]) -> None:
            scenes[0].show(apex, name, values)

        with Route53Front(endpoint, mirror=show) as front:
            zone_id = front.create_zone(APEX.to_text())
            configuration = folder / "dns01.toml"  # the emulator keeps earlier tests' zones
            text = configuration.read_text()
            heading = f'[zones."{APEX}"]\n'
            assert heading in text
            configuration.write_text(text.replace(heading, f'{heading}zone_id = "{zone_id}"\n'))
            scenes.append(Scene(site, front, zone_id))
            yield scenes[0]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with Ministack() as endpoint:
        yield endpoint


@pytest.fixture
def scene(tmp_path: Path, endpoint: str) -> Iterator[Scene]:
    """Two name servers, the second of which is late: there is time to erase."""
    with staged(tmp_path, endpoint, (0.0, 2.0)) as scene:
        yield scene


def restored(report: dict[str, Any]) -> list[str]:
    """Return what the report says of values put back."""
    return [each["message"] for each in report["problems"] if each["code"] == "value-restored"]


def test_nothing_erased_is_nothing_said(scene: Scene) -> None:
    """
    A wait without incidents looks at the host no more: one list, one change; and says nothing.
    """
    report, said = scene.ready()
    assert report["status"] == "ready", said
    assert restored(report) == []
    assert "put back" not in said
    assert scene.front.calls.count("ChangeResourceRecordSets") == 1


def test_an_erased_value_comes_back(scene: Scene) -> None:
    """
    Erased by an UPSERT after a name server showed it: put back beside the other's, ready, said.
    """
    scene.strikes = 1
    report, said = scene.ready()
    assert report["status"] == "ready", said
    assert scene.stored() == {OURS, THEIRS}
    [message] = restored(report)
    for word in (OURS, str(NAME), str(APEX), "route53", "1 time"):
        assert word in message
    assert "put back" in said


def test_a_value_erased_before_anybody_saw_it_comes_back(scene: Scene) -> None:
    """
    No name server ever shows it: after 15 s the host is looked at, and it is put back.
    """
    scene.blink = 1
    started = time.monotonic()
    report, said = scene.ready()
    assert report["status"] == "ready", said
    assert time.monotonic() - started > 15
    assert scene.stored() == {OURS, THEIRS}
    assert len(restored(report)) == 1


def test_erased_twice_is_put_back_twice(scene: Scene) -> None:
    """
    The second erasure is noticed as well, and the report says how often.
    """
    scene.strikes = 2
    report, said = scene.ready()
    assert report["status"] == "ready", said
    assert scene.stored() == {OURS, THEIRS}
    [message] = restored(report)
    assert "2 times" in message


def test_a_fight_without_end_is_named(scene: Scene) -> None:
    """
    A tool that erases it over and over wins: 75, with the cause, and few writes of ours.
    """
    scene.strikes = 99
    report, _ = scene.ready("16s")
    assert report["exit"] == 75
    causes = {
        perspective["cause"]
        for record in report["records"]
        for perspective in record["perspectives"]
        if perspective["role"] == "authoritative"
    }
    assert "overwritten" in causes
    assert restored(report)
    assert scene.front.calls.count("ChangeResourceRecordSets") <= 5


def test_many_runs_among_mergers(scene: Scene) -> None:
    """
    Eight runs of one name, while other tools merge and overwrite, at last all of it: once those
    end, every run puts its value back, says so and gets ready, and none took away anything.
    """
    values = [f"{number}" * 43 for number in range(8)]
    last = scene.site.dns.addresses[1]
    scene.site.dns.behave(last, without_answer)  # so that nobody is ready before
    with mergers(scene.front, scene.zone_id, pause=0.7):
        runs = [scene.start(value, "240s") for value in values]
        until(lambda: {f'"{value}"' for value in values} <= replay(scene.front)[1].keys(), 60)
    scene.upsert()  # mergers may erase something, or put back what they erased; this erases all
    until(lambda: scene.stored() >= set(values), 150)
    scene.site.dns.behave(last, proper)
    results = [finish(run, timeout=240) for run in runs]
    assert [result.returncode for result in results] == [0] * 8, results
    assert scene.stored() >= set(values)
    assert not [value for value, fate in replay(scene.front)[1].items() if "ours erases" in fate]
    said = [restored(json.loads(result.stdout)) for result in results]
    assert all(said)
