"""Which ledgers name the bytes of a folder: to each other's garbage collection their bytes would be nobody's.

Belongs here: a small file for each ledger, beside the blobs, and reading them all.
Does not belong here: what follows from there being two (building.collector).
"""

import hashlib
from pathlib import Path

from campaign_pipeline.storage.durable_folders import make_folder

_FOLDER = "ledgers"


class StoreUsers:
    """The ledgers of one store.

    Args:
        root: The store's folder.
        ledger: Under which name this process's ledger is known; None where nobody will name what is put.
    """

    def __init__(self, root: Path, *, ledger: str | None) -> None:
        self._folder = root / _FOLDER
        self._ledger = ledger
        self._noted = ledger is None

    def note(self) -> None:
        """Leave word that this process's ledger names bytes here, once."""
        if self._noted or self._ledger is None:
            return
        file = self._folder / hashlib.sha256(self._ledger.encode()).hexdigest()[:16]
        if not file.exists():
            make_folder(self._folder)
            file.write_text(f"{self._ledger}\n", encoding="utf-8")
        self._noted = True

    def others(self) -> dict[str, Path]:
        """Name the other ledgers, and the file in which each left word; a SQLite ledger that is gone counts no more."""
        found = {file.read_text(encoding="utf-8").strip(): file for file in sorted(self._folder.glob("*"))}
        return {
            name: file
            for name, file in found.items()
            if name != self._ledger and not (name.startswith("/") and not Path(name).exists())
        }
