"""The artifact store in a folder: durable, whole or not there, and never trusted unchecked."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import content_hash
from campaign_pipeline.storage import ArtifactStore, LocalArtifactStore, Verification, artifact_store
from campaign_pipeline.storage.store_lock import LOCK_FILE

DATA = b"a track, or a bundle" * 1000
HASH = content_hash(DATA)


@pytest.fixture
def store(tmp_path: Path) -> LocalArtifactStore:
    return LocalArtifactStore(tmp_path / "store")


@pytest.fixture(params=["put", "put_file"])
def put(request: pytest.FixtureRequest, store: LocalArtifactStore, tmp_path: Path) -> Callable[[], object]:
    """Both ways in, with the same bytes."""
    if request.param == "put":
        return lambda: store.put(DATA)
    source = tmp_path / "source.mp4"
    source.write_bytes(DATA)
    return lambda: store.put_file(source)


def test_bytes_are_found_by_their_hash(store: LocalArtifactStore, put: Callable[[], object]) -> None:
    blob = put()

    assert vars(blob) == {"content_hash": HASH, "size_bytes": len(DATA)}
    assert store.read(HASH) == DATA
    assert store.size(HASH) == len(DATA)
    assert store.verify(HASH, size_bytes=len(DATA)) is Verification.SOUND
    with store.open(HASH) as opened:
        assert opened.read(7) == b"a track"


def test_a_blob_is_a_read_only_file_at_a_place_made_from_its_hash(
    store: LocalArtifactStore, put: Callable[[], object]
) -> None:
    put()

    digits = hashlib.sha256(DATA).hexdigest()
    path = store.path(HASH)
    assert store.uri(HASH) == f"sha256/{digits[:2]}/{digits}"
    assert path == store.root / store.uri(HASH)
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert _files(store) == {store.uri(HASH)}


def test_no_bytes_are_bytes_too(store: LocalArtifactStore) -> None:
    blob = store.put(b"")

    assert store.read(blob.content_hash) == b""


def test_sound_bytes_are_not_written_again_but_made_young(
    store: LocalArtifactStore, put: Callable[[], object]
) -> None:
    put()
    path = store.path(HASH)
    assert path is not None
    os.utime(path, (0, 0))
    before = path.stat()

    put()

    after = path.stat()
    assert after.st_ino == before.st_ino
    assert after.st_mtime > before.st_mtime


@pytest.mark.parametrize(
    ("damage", "verdict"),
    [
        (lambda data: data[:-1], Verification.SHORT),
        (lambda data: data + b"x", Verification.SHORT),
        (lambda _: b"", Verification.SHORT),
        (lambda data: b"A" + data[1:], Verification.ALTERED),
    ],
    ids=["cut", "longer", "empty", "flipped"],
)
def test_damaged_bytes_are_told_never_served_and_replaced_with_the_bad_ones_kept(
    store: LocalArtifactStore,
    put: Callable[[], object],
    damage: Callable[[bytes], bytes],
    verdict: Verification,
) -> None:
    put()
    _damage(store, damage)

    assert store.verify(HASH, size_bytes=len(DATA)) is verdict
    assert store.verify(HASH) is Verification.ALTERED
    with pytest.raises(CampaignError, match="are altered") as refused:
        store.read(HASH)
    assert refused.value.code is ErrorCode.ARTIFACT_CORRUPT

    put()

    assert store.read(HASH) == DATA
    (aside,) = (store.root / "quarantine").iterdir()
    assert aside.read_bytes() == damage(DATA)


def test_damaged_bytes_are_replaced_where_there_are_no_hard_links(store: LocalArtifactStore) -> None:
    store.put(DATA)
    _damage(store, lambda data: data[1:])

    with mock.patch.object(Path, "hardlink_to", side_effect=PermissionError(errno.EPERM, "no links here")):
        store.put(DATA)

    assert store.read(HASH) == DATA
    assert len(list((store.root / "quarantine").iterdir())) == 1


def test_missing_bytes_are_told(store: LocalArtifactStore) -> None:
    verdict, size, path = store.verify(HASH), store.size(HASH), store.path(HASH)

    assert (verdict, size, path) == (Verification.MISSING, None, None)
    for read in (store.read, store.open):
        with pytest.raises(CampaignError, match="are missing; building again") as refused:
            read(HASH)
        assert refused.value.code is ErrorCode.ARTIFACT_CORRUPT


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "sha256:../x", HASH.upper(), HASH.removeprefix("sha256:"), ""]
)
def test_a_key_that_is_no_hash_never_becomes_a_path(store: LocalArtifactStore, key: str) -> None:
    for method in (store.read, store.open, store.verify, store.size, store.path, store.uri):
        with pytest.raises(CampaignError, match="content_hash") as refused:
            method(key)
        assert refused.value.code is ErrorCode.INVALID_HASH


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace", "pathlib.Path.chmod"])
def test_a_write_that_fails_leaves_no_part_of_a_blob(
    store: LocalArtifactStore, put: Callable[[], object], broken: str
) -> None:
    store.put(b"something that was there before")
    before = _files(store)

    with (
        mock.patch(broken, side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))),
        pytest.raises(CampaignError) as refused,
    ):
        put()

    assert refused.value.code is ErrorCode.STORE_UNAVAILABLE
    assert _files(store) == before
    assert store.verify(HASH) is Verification.MISSING


def test_bytes_are_synced_before_they_get_their_name_and_the_name_afterwards(
    store: LocalArtifactStore,
) -> None:
    store.put(b"so that the folders are there")
    order: list[str] = []
    sync, rename = os.fsync, Path.replace

    def note_sync(descriptor: int) -> None:
        order.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "bytes")
        sync(descriptor)

    def note_rename(self: Path, target: Path) -> Path:
        order.append("name")
        return rename(self, target)

    with mock.patch("os.fsync", note_sync), mock.patch.object(Path, "replace", note_rename):
        store.put(DATA)

    # The first folder is the shard, whose own name must last as well.
    assert order == ["bytes", "folder", "name", "folder"]


@pytest.mark.parametrize(
    ("number", "retryable"),
    [
        (errno.ENOSPC, False),
        (errno.EACCES, False),
        (errno.EROFS, False),
        (errno.EIO, True),
        (errno.EAGAIN, True),
    ],
)
def test_a_store_that_fails_is_named_with_what_to_do_and_whether_again_can_help(
    store: LocalArtifactStore,
    number: int,
    retryable: bool,  # noqa: FBT001  a table's column
) -> None:
    with (
        mock.patch("os.fsync", side_effect=OSError(number, os.strerror(number))),
        pytest.raises(CampaignError) as refused,
    ):
        store.put(DATA)

    message = str(refused.value)
    assert (refused.value.code, refused.value.retryable) == (ErrorCode.STORE_UNAVAILABLE, retryable)
    assert message.startswith(
        f"STORE_UNAVAILABLE: the artifact store {store.root} cannot be used: {os.strerror(number)}"
    )
    assert "CAMPAIGN_STORE_URL" in message


def test_a_file_where_the_folder_should_be_is_unavailable_to_readers_and_writers(tmp_path: Path) -> None:
    (tmp_path / "store").touch()
    store = LocalArtifactStore(tmp_path / "store")

    for use in (lambda: store.put(DATA), lambda: store.verify(HASH), lambda: store.read(HASH)):
        with pytest.raises(CampaignError, match=r"Not a directory|File exists") as refused:
            use()
        assert refused.value.code is ErrorCode.STORE_UNAVAILABLE


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_a_source_that_is_no_file_is_a_missing_asset_and_not_the_store_s_fault(
    store: LocalArtifactStore, tmp_path: Path, kind: str
) -> None:
    source = tmp_path / "intro.mp4"
    if kind == "folder":
        source.mkdir()
    if kind == "pipe":
        os.mkfifo(source)

    with pytest.raises(CampaignError, match=r"intro\.mp4: ") as refused:
        store.put_file(source)

    assert refused.value.code is ErrorCode.MISSING_ASSET


def test_many_that_store_the_same_bytes_at_once_store_them_once(store: LocalArtifactStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        blobs = set(pool.map(store.put, [DATA] * 16))

    assert len(blobs) == 1
    assert _files(store) == {store.uri(HASH)}


def test_reading_needs_no_right_to_write(store: LocalArtifactStore) -> None:
    store.put(DATA)

    with (
        mock.patch("os.open", side_effect=PermissionError),
        mock.patch.object(Path, "mkdir", side_effect=PermissionError),
    ):
        data, verdict, blob = store.read(HASH), store.verify(HASH), store.put(DATA)

    assert (data, verdict, blob.content_hash) == (DATA, Verification.SOUND, HASH)


def test_making_a_store_writes_nothing(tmp_path: Path) -> None:
    artifact_store(str(tmp_path / "store"))

    assert list(tmp_path.iterdir()) == []


def test_a_folder_or_a_file_url_names_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    stores: list[ArtifactStore] = [artifact_store("a store"), artifact_store(f"file://{tmp_path}/a%20store")]
    monkeypatch.chdir("/")

    for found in stores:
        assert isinstance(found, LocalArtifactStore)
        assert found.root == tmp_path / "a store"


@pytest.mark.parametrize(
    "url", ["s3://bucket/prefix", "gs://bucket", "https://u:hunter2@h/x", "file://host/x", ""]
)
def test_any_other_place_is_refused_by_the_setting_s_name(url: str) -> None:
    with pytest.raises(
        CampaignError, match=r"CAMPAIGN_STORE_URL: .* found; this version ships folders only"
    ) as refused:
        artifact_store(url)

    assert refused.value.code is ErrorCode.VALIDATION_ERROR
    assert "hunter2" not in str(refused.value)


def _files(store: LocalArtifactStore) -> set[str]:
    """Name every file but the lock's, which is empty."""
    files = {str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.is_file()}
    return files - {LOCK_FILE}


def _damage(store: LocalArtifactStore, damage: Callable[[bytes], bytes]) -> None:
    path = store.path(HASH)
    assert path is not None
    path.chmod(0o644)
    path.write_bytes(damage(DATA))
