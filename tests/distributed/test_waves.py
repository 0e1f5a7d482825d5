"""Which certificates are one task, and whose."""

from pathlib import Path

import pytest
from dns.name import from_text

from pipeline.configuration.settings import Settings, ZoneSettings
from pipeline.distributed.waves import LONGEST, queue_of, waves
from pipeline.fleet.inventory import Certificate
from pipeline.model import Failed

SETTINGS = Settings(
    Path("state"),
    fallback=("route53",),
    zones={from_text("example.org."): ZoneSettings(providers=("cloudflare", "inner"))},
)


def entry(name: str, provider: str = "", order: str = "") -> Certificate:
    return Certificate(name, "here", order=order, provider=provider)


def test_a_queue_is_an_account() -> None:
    """
    The entry's own, else the zone's, else the one for all; where nobody says, one for those.
    """
    assert queue_of(entry("a.example.org", "mine"), SETTINGS) == "dns01.mine"
    assert queue_of(entry("*.a.example.org"), SETTINGS) == "dns01.cloudflare-inner"
    assert queue_of(entry("example.com,example.org"), SETTINGS) == "dns01.route53"
    assert queue_of(entry("https://ca.example/order/1"), SETTINGS) == "dns01.route53"
    assert queue_of(entry("example.com"), Settings(Path("state"))) == "dns01"
    flagged = Settings(Path("state"), providers=("inner",), zones=SETTINGS.zones)
    assert queue_of(entry("a.example.org"), flagged) == "dns01.inner"


def test_every_certificate_is_in_one_wave() -> None:
    """
    Whatever their order and spelling; and the waves are the same in any order.
    """
    names = [f"h{n}.zone{n % 7}.example" for n in range(250)]
    found = [*waves(map(entry, [*names, "H0.zone0.example."]), SETTINGS)]
    assert sorted(name.lower().strip(".") for wave in found for name in wave.names) == sorted(names)
    assert [*waves(map(entry, reversed(names)), SETTINGS)] == [*waves(map(entry, names), SETTINGS)]
    assert max(len(wave.names) for wave in found) <= LONGEST


def test_a_zone_is_written_at_once() -> None:
    """
    Zones that fit are not cut.
    """
    names = [f"h{n}.zone{n % 5}.example" for n in range(5 * 40)]
    found = [*waves(map(entry, names), SETTINGS)]
    for zone in range(5):
        assert sum(any(f".zone{zone}." in name for name in wave.names) for wave in found) == 1
    assert len(found) == 3


def test_a_wave_is_one_run() -> None:
    """
    Of one queue, one source, one choice of hosts, which are its choices.
    """
    entries = [entry("a.test"), entry("b.test", order="acme"), entry("c.test", "x", "acme")]
    found = {wave.names: (wave.queue, wave.choices) for wave in waves(entries, SETTINGS)}
    assert found == {
        ("a.test",): ("dns01.route53", {"source": "rcl"}),
        ("b.test",): ("dns01.route53", {"source": "acme"}),
        ("c.test",): ("dns01.x", {"source": "acme", "provider": "x"}),
    }


def test_one_certificate_is_one_task() -> None:
    """
    However it is spelt, and whether an entry names the order source that all have or not.
    """
    idn = ["b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.test", "xn--bcher-kva.test"]
    entries = [*map(entry, idn), entry("a.test"), entry("A.test.", order="rcl")]
    [wave] = waves(entries, SETTINGS)
    assert len(wave.names) == 2


def test_two_providers_for_one_certificate_are_refused() -> None:
    """
    As by the command: 65, with both places, and no wave is yielded before.
    """
    entries = [entry("b.test"), entry("a.test", "cloudflare"), entry("A.test", "route53")]
    with pytest.raises(Failed, match="another provider") as failed:
        next(waves(entries, SETTINGS))
    assert failed.value.exit == 65


def test_a_zone_of_two_hosts_has_one_queue() -> None:
    """
    In whatever order they are named.
    """
    turned = Settings(Path("state"), fallback=("b", "a"))
    assert queue_of(entry("a.test"), turned) == queue_of(entry("a.test", "a,b"), turned)


def test_a_task_is_of_one_queue() -> None:
    """
    Whatever stands beside its zones by alphabet; and each queue's small zones are one task.
    """
    names = ["a.test", "www.example.org", "z.test", "b.example.com", "example.org"]
    found = {wave.queue: wave.names for wave in waves(map(entry, names), SETTINGS)}
    assert found == {
        "dns01.route53": ("a.test", "b.example.com", "z.test"),
        "dns01.cloudflare-inner": ("example.org", "www.example.org"),
    }
    assert len([*waves(map(entry, names), SETTINGS)]) == 2
