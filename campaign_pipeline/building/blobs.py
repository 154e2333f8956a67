"""Bytes as planning sees them: what a build would store counts as stored, and nothing is written.

Belongs here: what reuse and intake need of a store, and its stand-in for plans.
Does not belong here: the store itself (storage), or what is concluded from it (reuse, intake, planning).
"""

import hashlib
from pathlib import Path
from typing import Protocol

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import HASH_PREFIX, ContentHash
from campaign_pipeline.storage import StoredBlob, Verification


class Blobs(Protocol):
    """Bytes under their hash, as far as reuse and intake need them; every ArtifactStore has it."""

    def put_file(self, path: Path) -> StoredBlob:
        """Take a file's bytes in."""

    def verify(self, content_hash: ContentHash, *, size_bytes: int | None = None) -> Verification:
        """Check a blob's bytes against its hash."""

    def hold(self, content_hash: ContentHash, *, size_bytes: int | None = None) -> Verification:
        """Check a blob's bytes against its hash, and keep sound ones from being collected as nobody's."""

    def size(self, content_hash: ContentHash) -> int | None:
        """Tell a blob's size in bytes; None when it is missing."""


class PlannedBlobs(Blobs):
    """A store as it would be once a build had taken its files in.

    Every file and every blob is read once, however many campaigns of one plan share it.
    """

    def __init__(self, store: Blobs) -> None:
        self._store = store
        self._files: dict[Path, StoredBlob] = {}
        self._taken_in: dict[ContentHash, StoredBlob] = {}
        self._verdicts: dict[tuple[ContentHash, int | None], Verification] = {}

    def put_file(self, path: Path) -> StoredBlob:
        """Hash a file, and count it as stored from now on.

        Raises:
            CampaignError: MISSING_ASSET when it cannot be read.
        """
        if path not in self._files:
            blob = _hashed(path)
            self._files[path] = self._taken_in[blob.content_hash] = blob
        return self._files[path]

    def verify(self, content_hash: ContentHash, *, size_bytes: int | None = None) -> Verification:
        """Check a blob; see the port."""
        if content_hash in self._taken_in:
            return Verification.SOUND
        key = (content_hash, size_bytes)
        if key not in self._verdicts:
            self._verdicts[key] = self._store.verify(content_hash, size_bytes=size_bytes)
        return self._verdicts[key]

    def hold(self, content_hash: ContentHash, *, size_bytes: int | None = None) -> Verification:
        """Check a blob: a plan holds nothing; see the port."""
        return self.verify(content_hash, size_bytes=size_bytes)

    def size(self, content_hash: ContentHash) -> int | None:
        """Tell a blob's size; see the port."""
        taken_in = self._taken_in.get(content_hash)
        return self._store.size(content_hash) if taken_in is None else taken_in.size_bytes


def _hashed(path: Path) -> StoredBlob:
    try:
        with path.open("rb", buffering=0) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return StoredBlob(content_hash=HASH_PREFIX + digest, size_bytes=file.tell())
    except OSError as error:
        message = f"{path}: {error.strerror or error}; a file that can be read is expected"
        raise CampaignError(ErrorCode.MISSING_ASSET, message) from error
