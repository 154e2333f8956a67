"""A lock of one file's name, for what only one process of a machine may do at a time.

Belongs here: the lock, on every platform, given back by a process that dies.
Does not belong here: what is done under it (schema, orchestration.dagster_storage), or a store's own lock.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def alone(lock: Path, *, timeout_s: float) -> Iterator[None]:
    """Hold a lock while the block runs; whoever else wants it waits.

    The lock is an empty SQLite file: it works on every platform, and a process that dies gives it back.

    Raises:
        sqlite3.Error: The file cannot be made, or somebody held the lock for too long.
    """
    connection = sqlite3.connect(lock, timeout=timeout_s, isolation_level=None)
    with closing(connection):
        connection.execute("BEGIN EXCLUSIVE")
        yield
