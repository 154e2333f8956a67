"""The artifact store in a folder.

Belongs here: blobs as read-only files, written so that no reader ever sees a part of one.
Does not belong here: who refers to a blob (ledger).
"""

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO
from uuid import uuid4

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import HASH_PREFIX, ContentHash, content_hash
from campaign_pipeline.storage.artifact_store import (
    ArtifactStore,
    Leftover,
    ListedBlob,
    StoredBlob,
    Verification,
    corrupt,
)
from campaign_pipeline.storage.durable_folders import make_folder, sync_folder
from campaign_pipeline.storage.local_sweep import QUARANTINE, UNFINISHED, LocalSweep
from campaign_pipeline.storage.source_file import chunks_of, opened_source
from campaign_pipeline.storage.store_lock import StoreLock
from campaign_pipeline.storage.store_users import StoreUsers

_READ_ONLY = 0o444
_MAY_PASS = frozenset(
    {errno.EIO, errno.EAGAIN, errno.EBUSY, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE, errno.ENFILE}
)
"""What a later attempt may not meet again; a full disk or a forbidden folder stays so until somebody acts."""

_MAY_NOT_WRITE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class LocalArtifactStore(ArtifactStore):
    """Blobs under `sha256/`, one file each; damaged ones that were replaced under `quarantine/`.

    Args:
        root: The folder; it is made by the first blob.
        ledger: Whose rows will name what is put here; None for nobody's.
    """

    def __init__(self, root: Path, *, ledger: str | None = None) -> None:
        # Held absolute, so that a later change of the working directory changes nothing.
        self.root = root.absolute()
        self._lock = StoreLock(self.root)
        self._sweep = LocalSweep(self.root, lock=self._lock)
        self._users = StoreUsers(self.root, ledger=ledger)

    def put(self, data: bytes) -> StoredBlob:
        """Store bytes; see the port."""
        blob = StoredBlob(content_hash=content_hash(data), size_bytes=len(data))
        if self._is_held(blob):
            return blob
        return self._place([data])

    def put_file(self, path: Path) -> StoredBlob:
        """Store a file's bytes; see the port."""
        with opened_source(path) as source:
            digest, size = hashlib.sha256(), 0
            for chunk in chunks_of(source, path):
                digest.update(chunk)
                size += len(chunk)
            blob = StoredBlob(content_hash=HASH_PREFIX + digest.hexdigest(), size_bytes=size)
            if self._is_held(blob):
                return blob
            source.seek(0)
            # Hashed again while it is copied: the file may change between the two.
            return self._place(chunks_of(source, path))

    def open(self, content_hash: ContentHash) -> BinaryIO:
        """Open a blob; see the port."""
        file = self._file(content_hash)
        with self._failures():
            try:
                return file.open("rb")
            except FileNotFoundError:
                raise corrupt(content_hash, place=file, verdict=Verification.MISSING) from None

    def verify(self, content_hash: ContentHash, *, size_bytes: int | None = None) -> Verification:
        """Check a blob; see the port."""
        with self._failures():
            try:
                # Unbuffered: file_digest reads into a buffer of its own.
                blob = self._file(content_hash).open("rb", buffering=0)
            except FileNotFoundError:
                return Verification.MISSING
            with blob:
                if size_bytes is not None and os.fstat(blob.fileno()).st_size != size_bytes:
                    return Verification.SHORT
                found = HASH_PREFIX + hashlib.file_digest(blob, "sha256").hexdigest()
        return Verification.SOUND if found == content_hash else Verification.ALTERED

    def hold(self, content_hash: ContentHash, *, size_bytes: int | None = None) -> Verification:
        """Check a blob and make it young; see the port."""
        verdict = self.verify(content_hash, size_bytes=size_bytes)
        if verdict is not Verification.SOUND or self._touch(content_hash):
            return verdict
        # Gone in between; or another user's, and then only a copy of our own can be made young.
        found = self.path(content_hash)
        if found is not None:
            self.put_file(found)
        return self.verify(content_hash, size_bytes=size_bytes)

    def read(self, content_hash: ContentHash) -> bytes:
        """Read a blob; see the port."""
        with self.open(content_hash) as blob, self._failures():
            data = blob.read()
        if HASH_PREFIX + hashlib.sha256(data).hexdigest() != content_hash:
            raise corrupt(content_hash, place=self._file(content_hash), verdict=Verification.ALTERED)
        return data

    def size(self, content_hash: ContentHash) -> int | None:
        """Tell a blob's size; see the port."""
        with self._failures():
            try:
                return self._file(content_hash).stat().st_size
            except FileNotFoundError:
                return None

    def path(self, content_hash: ContentHash) -> Path | None:
        """Tell where a blob lies; see the port."""
        return None if self.size(content_hash) is None else self._file(content_hash)

    def now(self) -> datetime:
        """Tell the time; see the port. On a network file system it is the server's, which a new file tells."""
        try:
            with TemporaryFile(dir=self.root) as fresh:
                return datetime.fromtimestamp(os.fstat(fresh.fileno()).st_mtime, UTC)
        except OSError:
            # Not there, or only to be read, where nothing can be removed either; or full to the last name.
            return datetime.now(UTC)

    def other_ledgers(self) -> dict[str, str]:
        """Name the other ledgers; see the port."""
        with self._failures():
            return {name: str(file) for name, file in self._users.others().items()}

    def blobs(self) -> Iterator[ListedBlob]:
        """Walk all blobs; see the port."""
        with self._failures():
            yield from self._sweep.blobs()

    def remove(self, content_hash: ContentHash, *, untouched_since: datetime) -> bool:
        """Remove an old blob; see the port."""
        with self._failures():
            return self._sweep.remove(self._file(content_hash), untouched_since=untouched_since)

    def leftovers(self) -> Iterator[Leftover]:
        """Walk what is no blob; see the port."""
        with self._failures():
            yield from self._sweep.leftovers()

    def remove_leftover(self, leftover: Leftover, *, untouched_since: datetime) -> bool:
        """Remove an old leftover; see the port."""
        with self._failures():
            return self._sweep.remove_leftover(leftover, untouched_since=untouched_since)

    def _file(self, content_hash: ContentHash) -> Path:
        return self.root / self.uri(content_hash)

    def _is_sound(self, blob: StoredBlob) -> bool:
        return self.verify(blob.content_hash, size_bytes=blob.size_bytes) is Verification.SOUND

    def _is_held(self, blob: StoredBlob) -> bool:
        """Make bytes young where they are there and sound; where they are not, they have to be written."""
        return self._is_sound(blob) and self._touch(blob.content_hash)

    def _touch(self, content_hash: ContentHash) -> bool:
        """Make a blob young; false where that takes writing it anew: it is gone, or only its owner may touch it."""
        file = self._file(content_hash)
        with self._failures():
            try:
                with self._lock.shared():
                    os.utime(file)
                self._users.note()
            except FileNotFoundError:
                return False
            except OSError as error:
                if error.errno not in _MAY_NOT_WRITE:
                    raise
                # Whoever may only read a store has nothing else to give; the grace period stands for it.
                return not os.access(file.parent, os.W_OK)
        return True

    def _place(self, chunks: Iterable[bytes]) -> StoredBlob:
        """Write bytes to a temporary file, sync it, and only then give it its name."""
        with self._failures():
            self._users.note()
            temporary = self.root / UNFINISHED / uuid4().hex
            make_folder(temporary.parent)
            try:
                blob = _written(temporary, chunks)
                self._rename(temporary, blob)
            finally:
                # Gone already when all went well.
                temporary.unlink(missing_ok=True)
            return blob

    def _rename(self, temporary: Path, blob: StoredBlob) -> None:
        file = self._file(blob.content_hash)
        make_folder(file.parent)
        if file.exists():
            if self._is_held(blob):
                return
            if not self._is_sound(blob):
                self._put_aside(file)
        with self._lock.shared():
            temporary.replace(file)
        sync_folder(file.parent)

    def _put_aside(self, file: Path) -> None:
        """Keep damaged bytes for inspection; they hold their name until sound ones replace them."""
        aside = self.root / QUARANTINE / f"{file.name}-{uuid4().hex[:8]}"
        make_folder(aside.parent)
        try:
            aside.hardlink_to(file)
        except FileNotFoundError:
            return
        except OSError:
            # A file system without hard links: the name is free for a moment, which is a miss to whoever looks.
            file.replace(aside)
        with suppress(OSError):
            os.utime(aside)  # its age is that of the repair: so long it can be inspected

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            what = f"the artifact store {self.root} cannot be used: {error.strerror or error}"
            advice = (
                "check that CAMPAIGN_STORE_URL names a folder that can be written, on a disk that has room"
            )
            raise CampaignError(
                ErrorCode.STORE_UNAVAILABLE, f"{what}; {advice}", retryable=error.errno in _MAY_PASS
            ) from error


def _written(file: Path, chunks: Iterable[bytes]) -> StoredBlob:
    digest, size = hashlib.sha256(), 0
    with file.open("xb") as target:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
        target.flush()
        file.chmod(_READ_ONLY)
        os.fsync(target.fileno())
    return StoredBlob(content_hash=HASH_PREFIX + digest.hexdigest(), size_bytes=size)
