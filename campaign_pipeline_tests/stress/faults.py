"""A ledger that fails at one statement, or at every one from there on.

Belongs here: raising where SQLAlchemy would.
Does not belong here: what the build makes of it (the campaigns).
"""

import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

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
