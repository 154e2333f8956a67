"""Work on several cores whose result does not depend on how many there are.

Belongs here: doing pieces of work in threads, and handing out the results in the order of the pieces.
Does not belong here: what the work is; numpy and libsndfile let go of the interpreter lock while they compute.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD_PER_CORE = 2
"""Pieces begun before the first is asked for: enough that no core waits, few enough to hold in memory."""


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Do a piece of work for each item, several at a time; what adds results up in this order is deterministic.

    On a single core too it is done in a thread, as aside does.
    """
    cores = _cores()
    with ThreadPoolExecutor(cores) as pool:
        begun: deque[Future[Result]] = deque()
        for item in items:
            begun.append(pool.submit(work, item))
            if len(begun) > _AHEAD_PER_CORE * cores:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def aside(work: Callable[[], Result]) -> Result:
    """Do a piece of work in a thread of its own, and wait for it.

    Python raises an interrupt in the main thread, in whatever it does there; inside a function that a C library has
    called, it would be printed and forgotten.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def _cores() -> int:
    """Count the cores that this process may use, which in a container may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
