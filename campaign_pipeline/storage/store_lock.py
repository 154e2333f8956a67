"""Who may take bytes out of a store's folder, and when: never while somebody makes the same bytes young.

Belongs here: the lock that writers share and housekeeping has alone, each for a few microseconds.
Does not belong here: what is done under it (local_store, local_sweep).
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

LOCK_FILE = "lock"

_NO_LOCKS_HERE = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
"""What a file system says that keeps no locks. There, as on a platform without them, the age of bytes alone decides."""


class StoreLock:
    """The lock of one store's folder.

    Writers share it while they touch a blob or give it its name; housekeeping holds it alone while it looks at a blob's
    age once more and removes it. So whoever was told that bytes are stored finds them, and finds them young.
    """

    def __init__(self, root: Path) -> None:
        self._file = root / LOCK_FILE

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Keep housekeeping from removing anything; others who store are not kept from it."""
        with self._held("shared"):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep everybody else from storing."""
        with self._held("alone"):
            yield

    @contextmanager
    def _held(self, manner: Literal["shared", "alone"]) -> Iterator[None]:
        try:
            import fcntl  # noqa: PLC0415  there is none on Windows
        except ImportError:
            yield
            return
        # Opened for each use: a lock belongs to what was opened, and threads that shared it would end each other's.
        with self._file.open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH if manner == "shared" else fcntl.LOCK_EX)
            except OSError as error:
                if error.errno not in _NO_LOCKS_HERE:
                    raise
            # Closing gives it back, and so does the end of the process, whichever way it comes.
            yield
