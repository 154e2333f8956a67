"""A ledger that fails at one statement or at every one from there on; a store and a ledger with little room.

Belongs here: raising, inside this process, where the database or the disk would.
Does not belong here: what the build makes of it (the campaigns).
"""

import errno
import os
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from campaign_pipeline.storage import local_store
from campaign_pipeline_tests.stress.tracer import append

_LEDGER = f"{__file__.rpartition('campaign_pipeline_tests')[0]}campaign_pipeline/storage/"

_count = 0


def fail_statement(number: int, *, for_good: bool, within: str, listing: Path | None) -> None:
    """Fail a statement of the ledger in this process, as a database does that is away for a moment or for good.

    Args:
        number: Which of them, counted from 1; 0 fails none.
        for_good: Fail every later one too.
        within: Count only statements of this method of the ledger; all where it is empty.
        listing: The file to write every one that is counted to.
    """

    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        global _count  # noqa: PLW0603  one process fails once
        if threading.current_thread() is not threading.main_thread() or not _is_of(within):
            return
        _count += 1
        if listing is not None:
            append(listing, statement.split("\n", 1)[0][:60])
        if number and (_count == number or (for_good and _count > number)):
            raise OperationalError(statement, None, sqlite3.OperationalError("the fault that was asked for"))

    event.listen(Engine, "before_cursor_execute", before)


def _is_of(within: str) -> bool:
    """Whether a statement is the ledger's, and of the method that is meant."""
    frame, ledger = sys._getframe(2), False
    while frame.f_back is not None:
        if frame.f_code.co_filename.startswith(_LEDGER):
            ledger = True
            if frame.f_code.co_name == within:
                return True
        frame = frame.f_back
    return ledger and not within


def limit_store(size_bytes: int) -> None:
    """Let this process write so many bytes into the store, and then find the disk full."""
    write, left = local_store._written, size_bytes

    def limited(chunks: Iterable[bytes]) -> Iterator[bytes]:
        nonlocal left
        for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            yield chunk

    local_store._written = lambda file, chunks: write(file, limited(chunks))


def limit_ledger(size_bytes: int) -> None:
    """Let a SQLite ledger of this process grow to so many bytes, and then find the disk full."""

    def limit(connection: sqlite3.Connection, _record: Any) -> None:
        [page_bytes] = connection.execute("PRAGMA page_size").fetchone()
        connection.execute(f"PRAGMA max_page_count = {size_bytes // page_bytes}")

    event.listen(Engine, "connect", limit)
