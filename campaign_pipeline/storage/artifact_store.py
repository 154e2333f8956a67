"""The port to the store of bytes: content-addressed, so the key of a blob is its hash.

Belongs here: what every store can do, and the words for what may be wrong with a blob.
Does not belong here: where blobs lie (local_store), or what they mean (ledger).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Literal

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import HASH_PREFIX, ContentHash
from campaign_pipeline.storage.hashing import require_hash


class Verification(StrEnum):
    """What a check of a blob against its hash found; the words fit `its bytes are …`."""

    SOUND = "sound"
    MISSING = "missing"
    SHORT = "of another size"
    ALTERED = "altered"


@dataclass(frozen=True, kw_only=True)
class StoredBlob:
    """Bytes that are in the store: their hash, which is their key, and their number."""

    content_hash: ContentHash
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class ListedBlob(StoredBlob):
    """A blob as a walk through the store found it.

    Args:
        touched_at: When these bytes were last put or held, by the store's clock.
    """

    touched_at: datetime


LeftoverKind = Literal["unfinished", "quarantined"]


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """What is no blob: bytes that were never written to their end, or damaged ones that were replaced.

    Args:
        touched_at: When they were last written, or put aside.
    """

    kind: LeftoverKind
    name: str
    size_bytes: int
    touched_at: datetime


class ArtifactStore(ABC):
    """Bytes under their hash.

    Bytes are put before any row names them, so `put`, `put_file` and `hold` make them young, also where they lay there
    already; and `remove` takes nothing that is young. Housekeeping that spares what is younger than the oldest build
    that runs can therefore never take what a row is about to name.

    Every method raises CampaignError INVALID_HASH for a key that is no content hash, and STORE_UNAVAILABLE where the
    store cannot be read or written.
    """

    @abstractmethod
    def put(self, data: bytes) -> StoredBlob:
        """Store bytes, durably; sound ones that are there already stay, damaged ones are put aside and replaced."""

    @abstractmethod
    def put_file(self, path: Path) -> StoredBlob:
        """Store a file's bytes as `put` does, without holding them in memory.

        Raises:
            CampaignError: MISSING_ASSET when the path is no file that can be read.
        """

    @abstractmethod
    def open(self, content_hash: ContentHash) -> BinaryIO:
        """Open a blob for reading, unchecked.

        Raises:
            CampaignError: ARTIFACT_CORRUPT when it is missing.
        """

    @abstractmethod
    def verify(self, content_hash: ContentHash, *, size_bytes: int | None = None) -> Verification:
        """Check a blob's bytes against its hash, reading them once.

        Args:
            size_bytes: How many there should be; where it differs nothing is read. None leaves that out.
        """

    @abstractmethod
    def hold(self, content_hash: ContentHash, *, size_bytes: int | None = None) -> Verification:
        """Check a blob as `verify` does, and make sound bytes as young as if they had just been put."""

    @abstractmethod
    def read(self, content_hash: ContentHash) -> bytes:
        """Read a blob, checked against its hash.

        Raises:
            CampaignError: ARTIFACT_CORRUPT when it is missing or altered.
        """

    @abstractmethod
    def size(self, content_hash: ContentHash) -> int | None:
        """Tell a blob's size in bytes; None when it is missing."""

    @abstractmethod
    def path(self, content_hash: ContentHash) -> Path | None:
        """Tell where a blob lies as a file; None for one that is missing, or in a store without files."""

    @abstractmethod
    def now(self) -> datetime:
        """Tell the time by the clock that says when blobs were touched."""

    @abstractmethod
    def other_ledgers(self) -> dict[str, str]:
        """Name the ledgers, beside this one, that may name bytes here; and where each left word of it."""

    @abstractmethod
    def blobs(self) -> Iterator[ListedBlob]:
        """Walk all blobs, in no order that means anything; those that come or go meanwhile may be missed."""

    @abstractmethod
    def remove(self, content_hash: ContentHash, *, untouched_since: datetime) -> bool:
        """Remove a blob that was not touched since a time, and tell whether it did."""

    @abstractmethod
    def leftovers(self) -> Iterator[Leftover]:
        """Walk what is no blob: what is being written now is among it."""

    @abstractmethod
    def remove_leftover(self, leftover: Leftover, *, untouched_since: datetime) -> bool:
        """Remove a leftover that was not touched since a time, and tell whether it did."""

    def uri(self, content_hash: ContentHash) -> str:
        """Tell where a blob lies, relative to the store's root: `sha256/ab/<64 hex>`."""
        digits = require_hash(content_hash, name="content_hash").removeprefix(HASH_PREFIX)
        return f"sha256/{digits[:2]}/{digits}"


def corrupt(content_hash: ContentHash, *, place: object, verdict: Verification) -> CampaignError:
    """Word that a blob does not hold what its hash promises."""
    message = (
        f"artifact {content_hash}: its bytes at {place} are {verdict.value}; building again makes them anew"
    )
    return CampaignError(ErrorCode.ARTIFACT_CORRUPT, message)
