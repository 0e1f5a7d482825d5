"""Blocking calls hold up neither their caller's patience nor the end of the process."""

import subprocess
import sys
from concurrent.futures import Future
from threading import Barrier, Event, Lock

import pytest

from providers.threads import each, in_thread, start


def test_results_come_in_the_order_of_the_items() -> None:
    """
    As `map` does, for more items than threads.
    """
    assert each(lambda number: number * 2, range(50), 8) == list(range(0, 100, 2))
    assert each(str, [], 8) == []


def test_no_more_than_the_width_at_once() -> None:
    """
    A server is not asked everything at once.
    """
    lock, gate, together = Lock(), Event(), Barrier(4, timeout=60)
    now = most = 0

    def work(_item: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait()
        gate.wait(0.05)  # in which a fifth would come
        with lock:
            now -= 1

    each(work, range(12), 4)
    assert most == 4


def test_what_is_raised_is_raised() -> None:
    """
    The first exception, in the order of the items, reaches the caller.
    """
    with pytest.raises(ZeroDivisionError):
        each(lambda number: 1 // number, [1, 0, 2], 2)
    assert isinstance(in_thread(lambda: 1 // 0).exception(), ZeroDivisionError)


def test_a_future_can_be_known_before_its_start() -> None:
    """
    Whoever must not lose sight of a call keeps its future first.
    """
    future: Future[int] = Future()
    start(lambda: 7, future)
    assert future.result(5) == 7


def test_a_call_that_hangs_does_not_keep_the_process() -> None:
    """
    The interpreter ends although calls are still under way.
    """
    code = (
        "import threading, providers.threads as t;"
        "t.in_thread(threading.Event().wait);"
        "t.in_thread(lambda: t.each(lambda _: threading.Event().wait(), range(3), 2))"
    )
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
