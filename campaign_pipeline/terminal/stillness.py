"""What libraries say on their own while a run is watched.

Belongs here: keeping it out of what is drawn: what matters of it comes back as an error, in words for people.
Does not belong here: what is drawn (watch), or what Dagster keeps in its own history.
"""

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any, TextIO

_SAID_BY_DAGSTER = "Exception while writing logger call to event log"
"""How Dagster begins what it writes when its storage fails, statement and all."""


@contextmanager
def stillness() -> Iterator[None]:
    """Keep libraries' asides off the terminal as long as the context lasts; our own warnings take a line each."""
    root, handler = logging.getLogger(), _Lines()
    # Somebody who has set logging up wants to see it. Otherwise the first warning of a library's would set it up.
    ours = not root.handlers
    if ours:
        root.addHandler(handler)
    try:
        with redirect_stderr(_Sieve(sys.stderr)):
            yield
    finally:
        if ours:
            root.removeHandler(handler)


class _Lines(logging.Handler):
    """Warnings, without tracebacks; what is said to the root logger, past all names, is nobody's of ours."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "root":
            cause = record.exc_info[1] if record.exc_info else None
            words = f"{record.getMessage()}: {cause}" if cause else record.getMessage()
            sys.stderr.write(f"{words.partition(chr(10))[0]}\n")


class _Sieve(io.TextIOBase):
    """A stream that lets pass all but Dagster's asides; each comes in one piece."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        return len(text) if text.startswith(_SAID_BY_DAGSTER) else self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()
