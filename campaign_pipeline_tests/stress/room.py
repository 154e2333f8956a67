"""A disk with little room: a small tmpfs where this process may mount one, elsewhere limits inside the build.

Belongs here: taking room away and giving it back, for the store and for a SQLite ledger.
Does not belong here: what a build makes of it (the campaigns).
"""

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SIZE_BYTES = 4_000_000


class Room(ABC):
    """The room that is left in a folder."""

    @abstractmethod
    def leave(self, size_bytes: int) -> dict[str, Any]:
        """Leave so much; give what the next build has to be told."""

    @abstractmethod
    def free(self) -> None:
        """Give it all back."""


class MountedRoom(Room):
    """A file system of its own, with a file that fills it up."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._filler = folder / "filler"

    def leave(self, size_bytes: int) -> dict[str, Any]:
        """Fill it up."""
        with self._filler.open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"\0" * 4096)
            except OSError:
                filler.truncate(max(0, filler.tell() - size_bytes))
        return {}

    def free(self) -> None:
        """Empty it."""
        self._filler.unlink(missing_ok=True)


class LimitedRoom(Room):
    """What a build limits in itself: how much it writes into the store, or how many pages its ledger may have."""

    def __init__(self, folder: Path, *, of_ledger: bool) -> None:
        self._folder = folder
        self._name = "ledger_room" if of_ledger else "store_room"

    def leave(self, size_bytes: int) -> dict[str, Any]:
        """Name the limit."""
        used = sum(file.stat().st_size for file in self._folder.glob("*.db")) if "ledger" in self._name else 0
        return {self._name: used + size_bytes}

    def free(self) -> None:
        """Nothing was taken from anybody else."""


@contextmanager
def room_in(folder: Path, *, of_ledger: bool) -> Iterator[Room]:
    """Lend a folder with little room."""
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        yield LimitedRoom(folder, of_ledger=of_ledger)
        return
    try:
        yield MountedRoom(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
