"""The points between two effects of a build, in the order in which it comes to them; at one of them it can be killed.

Belongs here: naming the points, counting them, the kill.
Does not belong here: which build is traced, and what must hold after a kill (the campaigns).
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import dagster as dg
from sqlalchemy import Connection

from campaign_pipeline.storage import LocalArtifactStore
from campaign_pipeline.storage.database import Database

_PLUMBING = frozenset({"_write", "_rows", "_row", "write", "write_as_login", "__enter__", "inner", "traced"})

_count = 0
_kill_at: int | None = None
_listing: Path | None = None
_tracing = False


def point(name: str) -> None:
    """Come to a point; where the build is to be killed here, this process ends by SIGKILL."""
    global _count  # noqa: PLW0603  one process traces one build
    if not _tracing or threading.current_thread() is not threading.main_thread():
        return
    _count += 1
    if _listing is not None:
        append(_listing, f"{_count} {name}")
    if _count == _kill_at:
        os.kill(os.getpid(), signal.SIGKILL)


def append(file: Path, line: str) -> None:
    """Add a line in one write, so that processes do not tear each other's."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def trace(*, kill_at: int | None = None, listing: Path | None = None) -> None:
    """Trace this process from now on: its transactions, what it stores, what it asks, and Dagster's events.

    Args:
        kill_at: The number of the point at which to die.
        listing: The file to write every point to, with its number.
    """
    global _kill_at, _listing, _tracing
    _kill_at, _listing, _tracing = kill_at, listing, True
    Database.write_as_login = _traced_transactions(Database.write_as_login)  # type: ignore[method-assign, assignment]  # a test's right
    for name, what in (("_place", "a blob"), ("_rename", "a blob's name")):
        setattr(
            LocalArtifactStore,
            name,
            _traced(getattr(LocalArtifactStore, name), what=lambda *_, it=what, **__: it),
        )
    dg.DagsterInstance.handle_new_event = _traced(dg.DagsterInstance.handle_new_event, what=_event)  # type: ignore[method-assign]  # as above


def _traced_transactions(
    begin: Callable[[Database], AbstractContextManager[Connection]],
) -> Callable[[Database], AbstractContextManager[Connection]]:
    @contextmanager
    def traced(database: Database) -> Iterator[Connection]:
        name = _caller()
        point(f"before {name}")
        with begin(database) as connection:
            yield connection
            point(f"before the commit of {name}")
        point(f"after {name}")

    return traced


def _traced(call: Callable[..., Any], *, what: Callable[..., str]) -> Callable[..., Any]:
    @wraps(call)
    def traced(*arguments: Any, **named: Any) -> Any:
        name = what(*arguments, **named)
        point(f"before {name}")
        result = call(*arguments, **named)
        point(f"after {name}")
        return result

    return traced


def _event(_instance: dg.DagsterInstance, entry: dg.EventLogEntry, **_: Any) -> str:
    return f"Dagster's {entry.dagster_event_type.value if entry.dagster_event_type else 'log line'}"


def _caller() -> str:
    """Name the ledger's method that begins a transaction."""
    frame = sys._getframe(2)
    while frame.f_back is not None:
        code = frame.f_code
        if f"{os.sep}campaign_pipeline{os.sep}" in code.co_filename and code.co_name not in _PLUMBING:
            return code.co_name
        frame = frame.f_back
    return "a transaction"
