"""Keeping a store's folder clean: what lies in it, how old it is, and taking it away.

Belongs here: walking blobs, and what kills and repairs leave behind; removing what is still old when it is removed.
Does not belong here: what may be removed (building.collector), or storing (local_store).
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from campaign_pipeline.model.digest import HASH_PREFIX, is_content_hash
from campaign_pipeline.storage.artifact_store import Leftover, LeftoverKind, ListedBlob
from campaign_pipeline.storage.store_lock import StoreLock

BLOBS, UNFINISHED, QUARANTINE = "sha256", "tmp", "quarantine"
"""The folders of a store: blobs, files that are being written, damaged ones that were replaced."""

_FOLDER_OF: dict[LeftoverKind, str] = {"unfinished": UNFINISHED, "quarantined": QUARANTINE}


class LocalSweep:
    """Housekeeping in one store's folder."""

    def __init__(self, root: Path, *, lock: StoreLock) -> None:
        self._root = root
        self._lock = lock

    def blobs(self) -> Iterator[ListedBlob]:
        """Walk all blobs, one shard's names in memory at a time; what is no blob by its name is passed over."""
        shards = sorted(entry.name for entry in _entries(self._root / BLOBS) if entry.is_dir())
        for shard in shards:
            for entry in _entries(self._root / BLOBS / shard):
                content_hash = HASH_PREFIX + entry.name
                found = _stat(entry)
                if found is not None and entry.name[:2] == shard and is_content_hash(content_hash):
                    yield ListedBlob(
                        content_hash=content_hash, size_bytes=found.st_size, touched_at=_touched_at(found)
                    )

    def leftovers(self) -> Iterator[Leftover]:
        """Walk what is being written or was left half written, and what was put aside as damaged."""
        for kind, folder in _FOLDER_OF.items():
            for entry in _entries(self._root / folder):
                found = _stat(entry)
                if found is not None:
                    yield Leftover(
                        kind=kind, name=entry.name, size_bytes=found.st_size, touched_at=_touched_at(found)
                    )

    def remove(self, file: Path, *, untouched_since: datetime) -> bool:
        """Remove a file that nobody has touched since a time, and tell whether it did.

        The age is looked at again under the lock: who stored these bytes meanwhile has made them young.
        """
        if not file.exists():
            return False  # and no lock file is made in a folder that is no store
        with self._lock.alone():
            try:
                if _touched_at(file.stat()) >= untouched_since:
                    return False
                file.unlink()
            except FileNotFoundError:
                return False
        return True

    def remove_leftover(self, leftover: Leftover, *, untouched_since: datetime) -> bool:
        """Remove a leftover as `remove` does a blob."""
        file = self._root / _FOLDER_OF[leftover.kind] / leftover.name
        return self.remove(file, untouched_since=untouched_since)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """List a folder; one that is not there, because nothing was stored yet, is empty."""
    try:
        with os.scandir(folder) as found:
            return list(found)
    except FileNotFoundError:
        return []


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Look at a file; None for one that is gone by now, and for what is no file."""
    try:
        return entry.stat() if entry.is_file(follow_symlinks=False) else None
    except FileNotFoundError:
        return None


def _touched_at(found: os.stat_result) -> datetime:
    return datetime.fromtimestamp(found.st_mtime, UTC)
