"""Dagster's own SQLite storage, safe where many processes open a new one at once.

Belongs here: the storage that dagster.yaml names, and how its three databases come to be.
Does not belong here: anything about campaigns; what Dagster keeps in it is Dagster's.

This is the one module that reaches what Dagster keeps to itself, by a name as dagster.yaml does: a new instance that is
opened by many processes at once stays broken for good (dagster-facts, 23), Dagster has no setting for that, and its own
storage has no public name. test_architecture holds it to be the only one; look at it when Dagster's pin moves.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage.file_lock import alone

# By its name, as dagster.yaml names Dagster's own classes: Dagster takes no other class than one of its storages here.
_BUILT_IN: Any = import_module("dagster._core.storage.sqlite_storage").DagsterSqliteStorage

DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
"""What an instance consists of when it is new; each run adds a database that it alone makes."""

_NURSERY = "first-opening"
_LOCK = "first-opening.lock"
_FIRST_OPENING_S = 120.0


class SqliteStorage(_BUILT_IN):  # type: ignore[misc]  # it has no public name
    """The storage that `storage: {sqlite: …}` stands for, in the same folders.

    Dagster's own makes its tables where they are looked for: of eight processes that open a new instance at once, six
    fail, and what they leave fails for ever. Here one process makes them aside and moves them to their places complete,
    while the others wait; one that dies in the midst of it leaves nothing that is looked at again.
    """

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> Any:
        """Open the storage in its folder, after it was made there."""
        base = Path(config_value["base_dir"])
        if _missing(base):
            cls._make(base)
        return super().from_config_value(inst_data, config_value)

    @classmethod
    def _make(cls, base: Path) -> None:
        base.mkdir(parents=True, exist_ok=True)
        with _first(base / _LOCK):
            missing = _missing(base)
            if not missing:
                return
            nursery = base / _NURSERY
            shutil.rmtree(nursery, ignore_errors=True)
            _BUILT_IN.from_local(str(nursery)).dispose()
            for name in missing:
                (base / name).parent.mkdir(parents=True, exist_ok=True)
                (nursery / name).replace(base / name)
            shutil.rmtree(nursery)


@contextmanager
def _first(lock: Path) -> Iterator[None]:
    """Hold the lock of the first opening.

    Raises:
        CampaignError: LEDGER_UNAVAILABLE when the file cannot be made, or somebody held it for too long.
    """
    with ExitStack() as held:
        try:
            held.enter_context(alone(lock, timeout_s=_FIRST_OPENING_S))
        except sqlite3.Error as error:
            message = (
                f"{lock}: {error}; one process at a time makes Dagster's storage there, "
                f"and the others wait up to {_FIRST_OPENING_S:g} s for it"
            )
            raise CampaignError(ErrorCode.LEDGER_UNAVAILABLE, message, retryable=True) from error
        yield


def _missing(base: Path) -> list[str]:
    return [name for name in DATABASES if not (base / name).is_file()]
