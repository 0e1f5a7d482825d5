"""Ask a stand-in for an order, and see that it was asked once."""

import httpx
import pytest

from pipeline.model import Failed, Order
from pipeline.orders.rcl import RclSource
from pipeline.orders.rcl_generations import V7
from tests.standins.rcl import (
    KEY,
    SUBSCRIPTION,
    Answer,
    RclApi,
    order,
    token,
)

GOOD = order((token(),))


def source(base: str, key: str = KEY, read: float = 5.0) -> RclSource:
    timeout = httpx.Timeout(5.0, read=read)
    return RclSource(base, V7(SUBSCRIPTION), key, trust_env=False, timeout=timeout)


def fetched(answer: Answer, name: str = "shopeneur.com") -> Order:
    with RclApi(answer) as api:
        found = source(api.base).fetch(name)
    assert len(api.requests) == 1
    return found


def failed(answer: Answer, key: str = KEY, read: float = 5.0) -> Failed:
    with RclApi(answer) as api, pytest.raises(Failed) as caught:
        source(api.base, key, read).fetch("shopeneur.com")
    assert len(api.requests) == 1
    problem = caught.value.problem
    assert (problem.message + problem.hint).isprintable()
    assert KEY not in problem.message + problem.hint
    assert len(problem.message) < 350
    return caught.value
