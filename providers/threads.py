"""Blocking calls in threads that nobody has to wait for.

The threads are daemons: a call that hangs keeps neither its caller beyond its
patience nor the process from ending, as the workers of an executor would.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from contextvars import copy_context
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def start(call: Callable[[], Result], future: Future[Result]) -> None:
    """Start *call*, in the caller's context; *future* gets its result or its exception."""
    Thread(target=copy_context().run, args=(settle, call, future), daemon=True).start()


def in_thread(call: Callable[[], Result]) -> Future[Result]:
    """Start *call* and return its future."""
    future: Future[Result] = Future()
    start(call, future)
    return future


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """Return what *call* returns.

    Raises:
        TimeoutError: It takes longer than *seconds*. It goes on, and nobody will know how it ends.
    """
    future = in_thread(call)
    wait([future], timeout=seconds)
    if not future.done():
        raise TimeoutError(f"no whole answer within {seconds:g} s")
    return future.result()


def each(call: Callable[[Item], Result], items: Iterable[Item], width: int) -> list[Result]:
    """Return what *call* returns for each of *items*, at most *width* of them at a time.

    Raises the first exception in the order of *items*.
    """
    work: SimpleQueue[tuple[Callable[[], Result], Future[Result]]] = SimpleQueue()
    futures: list[Future[Result]] = []
    for item in items:
        futures.append(Future())
        work.put((partial(call, item), futures[-1]))
    for _ in range(min(width, len(futures))):
        Thread(target=copy_context().run, args=(drain, work), daemon=True).start()
    return [future.result() for future in futures]


def drain(work: SimpleQueue[tuple[Callable[[], Result], Future[Result]]]) -> None:
    """Do what is in *work* until nothing is left."""
    while True:
        try:
            call, future = work.get_nowait()
        except Empty:
            return
        settle(call, future)


def settle(call: Callable[[], Result], future: Future[Result]) -> None:
    """Put what becomes of *call* into *future*."""
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 - raised again by whoever asks the future
        future.set_exception(error)
