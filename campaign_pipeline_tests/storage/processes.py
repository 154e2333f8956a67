"""Processes that act at one moment, quickly: what they need is imported once for all of them.

Belongs here: starting them.
Does not belong here: what they do (the tests say that).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# A fork of a process that has done nothing else yet is safe, and as cheap as one of the tests' own would be.
_IMPORTED_ONCE = [
    "alembic.command",
    "psycopg",
    "campaign_pipeline_tests.storage.rows",
    "campaign_pipeline.storage",
]


def at_once(act: Callable[[T], R], arguments: Sequence[T]) -> list[R]:
    """Let one process an argument act, all of them at one moment.

    Args:
        act: A function of a module's.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED_ONCE)
    barrier = context.Barrier(len(arguments))
    # Not multiprocessing's own Pool: the end of its with block terminates workers, and one that is terminated while
    # it holds the queue's lock leaves the others, and whoever waits for them, waiting for ever.
    with ProcessPoolExecutor(
        len(arguments), mp_context=context, initializer=_remember, initargs=(barrier,)
    ) as pool:
        return [acting.result() for acting in [pool.submit(_wait_and_act, act, each) for each in arguments]]


_barriers: list[Barrier] = []


def _remember(barrier: Barrier) -> None:
    _barriers[:] = [barrier]


def _wait_and_act(act: Callable[[T], R], argument: T) -> R:
    _barriers[0].wait(60)
    return act(argument)
