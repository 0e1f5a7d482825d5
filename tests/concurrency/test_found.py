"""A value that somebody else wrote before us, at the hosts themselves: it is not ours to remove."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.bridge import finish, leaf
from tests.crash.scene import Scene, staged
from tests.serving.server import Server
from tests.standins.ministack import Ministack

VALUE = "v" * 43


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Ministack() as endpoint, staged(tmp_path_factory.mktemp("found"), endpoint) as scene:
        yield scene


def stored(scene: Scene, mark: str) -> tuple[str, str]:
    """Have somebody write the value at a name of each host; return the names' hosts."""
    first, second = f"{mark}.example.com", f"{mark}.example.org"
    scene.cloudflare.put("TXT", f"_acme-challenge.{first}.", f'"{VALUE}"')
    scene.route53.put(scene.zone_id, f"_acme-challenge.{second}.", f'"{VALUE}"')
    return first, second


def left(scene: Scene, *hosts: str) -> list[set[str]]:
    """Return what the host of each of *hosts* has at its challenge name."""
    return [scene.site.dns.values(leaf(host)) for host in hosts]


@contextmanager
def serving(scene: Scene) -> Iterator[Server]:
    """Start a server that finds each zone's host by the configuration."""
    process = scene.site.start("serve", "--listen", "127.0.0.1:0", **scene.environment)
    assert process.stdout is not None
    try:
        yield Server(scene.site, process, process.stdout.readline().split()[-1])
    finally:
        process.terminate()
        finish(process)


@pytest.mark.parametrize("index", [0, 1], ids=["cloudflare", "route53"])
def test_what_was_there_stays(scene: Scene, index: int) -> None:
    """
    The order's value is in place before us: ready, by somebody else's record, which `clean` leaves.
    """
    host = stored(scene, f"ready{index}")[index]
    words = ["ready", "--from", scene.site.document(host), "--json"]
    result = scene.site.dns01(*words, **scene.environment)
    assert result.returncode == 0, result
    assert "value-found" in {each["code"] for each in json.loads(result.stdout)["problems"]}
    assert scene.site.dns01("clean", "--all", **scene.environment).returncode == 0
    assert left(scene, host) == [{VALUE}]


def test_what_was_there_stays_when_served(scene: Scene) -> None:
    """
    So with a client of `serve`: it has its value, and cleaning up removes nothing.
    """
    hosts = stored(scene, "served")
    with serving(scene) as server:
        for host in hosts:
            assert server.present(f"_acme-challenge.{host}.")[0] == 200
            assert server.cleanup(f"_acme-challenge.{host}.")[0] == 200
    assert left(scene, *hosts) == [{VALUE}, {VALUE}]
