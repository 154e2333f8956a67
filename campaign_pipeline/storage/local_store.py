"""The artifact store in a folder.

Belongs here: blobs as read-only files, written so that no reader ever sees a part of one.
Does not belong here: who refers to a blob (ledger).
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import HASH_PREFIX, ContentHash, content_hash
from campaign_pipeline.storage.artifact_store import ArtifactStore, StoredBlob, Verification, corrupt

_READ_ONLY = 0o444
_CHUNK_BYTES = 1 << 20
_MAY_PASS = frozenset(
    {errno.EIO, errno.EAGAIN, errno.EBUSY, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE, errno.ENFILE}
)
"""What a later attempt may not meet again; a full disk or a forbidden folder stays so until somebody acts."""


def artifact_store(url: str) -> ArtifactStore:
    """Give the store that a setting names.

    Args:
        url: A folder, relative to the working directory of now, or a `file://` URL.

    Raises:
        CampaignError: VALIDATION_ERROR for any other scheme.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path:
        return LocalArtifactStore(Path(unquote(parts.path)))
    # A single letter is a drive of Windows.
    if not url or "://" in url or parts.scheme == "file":
        found = f"{parts.scheme}://{parts.hostname or ''}" if url else "nothing"
        message = (
            f"CAMPAIGN_STORE_URL: {found} found; this version ships folders only, such as .campaign/store"
        )
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    return LocalArtifactStore(Path(url))


class LocalArtifactStore(ArtifactStore):
    """Blobs under `sha256/`, one file each; damaged ones that were replaced under `quarantine/`.

    Args:
        root: The folder; it is made by the first blob.
    """

    def __init__(self, root: Path) -> None:
        # Held absolute, so that a later change of the working directory changes nothing.
        self.root = root.absolute()

    def put(self, data: bytes) -> StoredBlob:
        """Store bytes; see the port."""
        blob = StoredBlob(content_hash=content_hash(data), size_bytes=len(data))
        if self._is_sound(blob):
            return blob
        return self._place([data])

    def put_file(self, path: Path) -> StoredBlob:
        """Store a file's bytes; see the port."""
        with _source(path) as source:
            digest, size = hashlib.sha256(), 0
            for chunk in _chunks(source, path):
                digest.update(chunk)
                size += len(chunk)
            blob = StoredBlob(content_hash=HASH_PREFIX + digest.hexdigest(), size_bytes=size)
            if self._is_sound(blob):
                return blob
            source.seek(0)
            # Hashed again while it is copied: the file may change between the two.
            return self._place(_chunks(source, path))

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

    def _file(self, content_hash: ContentHash) -> Path:
        return self.root / self.uri(content_hash)

    def _is_sound(self, blob: StoredBlob) -> bool:
        return self.verify(blob.content_hash, size_bytes=blob.size_bytes) is Verification.SOUND

    def _place(self, chunks: Iterable[bytes]) -> StoredBlob:
        """Write bytes to a temporary file, sync it, and only then give it its name."""
        with self._failures():
            temporary = self.root / "tmp" / uuid4().hex
            _make_folder(temporary.parent)
            try:
                blob = _write(temporary, chunks)
                self._rename(temporary, blob)
            finally:
                # Gone already when all went well.
                temporary.unlink(missing_ok=True)
            return blob

    def _rename(self, temporary: Path, blob: StoredBlob) -> None:
        file = self._file(blob.content_hash)
        _make_folder(file.parent)
        if file.exists():
            if self._is_sound(blob):
                return
            self._put_aside(file)
        temporary.replace(file)
        _sync_folder(file.parent)

    def _put_aside(self, file: Path) -> None:
        """Keep damaged bytes for inspection; they hold their name until sound ones replace them."""
        aside = self.root / "quarantine" / f"{file.name}-{uuid4().hex[:8]}"
        _make_folder(aside.parent)
        try:
            aside.hardlink_to(file)
        except FileNotFoundError:
            return
        except OSError:
            # A file system without hard links: the name is free for a moment, which is a miss to whoever looks.
            file.replace(aside)

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


def _write(file: Path, chunks: Iterable[bytes]) -> StoredBlob:
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


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it; a name is durable only when the folder that holds it is synced."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _source(path: Path) -> Iterator[BinaryIO]:
    """Open a file to be stored; a folder or a pipe is none."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise CampaignError(ErrorCode.MISSING_ASSET, f"{path}: no regular file found; a file is expected")
        source = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error
    with source:
        yield source


def _chunks(source: BinaryIO, path: Path) -> Iterator[bytes]:
    try:
        while chunk := source.read(_CHUNK_BYTES):
            yield chunk
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> CampaignError:
    message = f"{path}: {error.strerror or error}; a file that can be read is expected"
    return CampaignError(ErrorCode.MISSING_ASSET, message)
