"""The count of requests to DNS hosts: what it counts, and what it holds to its targets."""

from bench import calls
from bench.table import Row


def test_what_is_counted() -> None:
    """
    Requests of the adapter to publish and to clean, with the zones of all names found at once.
    """
    with calls.hosts() as found:
        costs = {host: calls.cost(*calls.prepared(found[host], 6, 3)) for host in found}
    assert {host: (cost.publish, cost.clean) for host, cost in costs.items()} == {
        calls.ROUTE53: (1 + 2 * 3, 3),
        calls.CLOUDFLARE: (1 + 3 * 3, 2 * 3),
        calls.PAID: (1 + 3 * 3, 2 * 3),
    }
    assert all(cost.cpu_s > 0 for cost in costs.values())


def rows(publish: int, cpu_ms: float) -> list[Row]:
    """Each row that is measured, the larger runs with *cpu_ms* a name, the others with 1.0."""
    return [
        Row(
            calls.title(host, names, zones),
            {calls.PUBLISH: publish, calls.CPU: cpu_ms if names >= 1_000 else 1.0},
        )
        for host, sizes in calls.SIZES.items()
        for names, zones in sizes
    ]


def test_targets() -> None:
    """
    Four requests are met and 42 are not; CPU may grow with the names, and hardly faster.
    """
    assert all(target.met for target in calls.targets(rows(4, 1.0)))
    assert [target.met for target in calls.targets(rows(42, 1.0))] == [False] * 3 + [True] * 2
    linear, square = calls.targets(rows(4, 1.0))[-2:], calls.targets(rows(4, 100.0))[-2:]
    assert [target.value for target in linear] == [1.0, 1.0]
    assert [target.met for target in square] == [False, False]
    assert [round(target.value, 9) for target in square] == [3.0, 2.0]
