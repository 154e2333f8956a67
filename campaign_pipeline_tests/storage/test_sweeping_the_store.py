"""Housekeeping in the artifact store, whichever it is: what is old can go, what was just put stays."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest

from campaign_pipeline.model.digest import content_hash
from campaign_pipeline.storage import LocalArtifactStore, Verification
from campaign_pipeline.storage.store_lock import LOCK_FILE

DATA = b"a track, or a bundle" * 1000
HASH = content_hash(DATA)
HOUR = timedelta(hours=1)


@pytest.fixture(params=[LocalArtifactStore])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LocalArtifactStore:
    """Every adapter of the port."""
    made: LocalArtifactStore = request.param(tmp_path / "store")
    return made


@pytest.fixture(params=["put", "put_file", "hold"])
def put(request: pytest.FixtureRequest, store: LocalArtifactStore, tmp_path: Path) -> Callable[[], object]:
    """Every way to say that bytes are wanted."""
    source = tmp_path / "source.mp4"
    source.write_bytes(DATA)
    ways: dict[str, Callable[[], object]] = {
        "put": lambda: store.put(DATA),
        "put_file": lambda: store.put_file(source),
        "hold": lambda: store.hold(HASH, size_bytes=len(DATA)),
    }
    return ways[request.param]


def test_a_store_that_holds_nothing_is_walked_and_stays_as_it_is(store: LocalArtifactStore) -> None:
    found = (list(store.blobs()), list(store.leftovers()))

    assert found == ([], [])
    assert not store.remove(HASH, untouched_since=store.now())
    assert not store.root.exists()


def test_every_blob_is_listed_with_its_size_and_when_it_was_put(store: LocalArtifactStore) -> None:
    began = store.now() - timedelta(seconds=1)
    put = {(blob.content_hash, blob.size_bytes) for blob in map(store.put, (b"", b"one", DATA))}

    found = list(store.blobs())

    assert {(blob.content_hash, blob.size_bytes) for blob in found} == put
    assert all(began <= blob.touched_at <= store.now() for blob in found)


def test_the_time_is_that_of_the_file_system_not_of_this_host(store: LocalArtifactStore) -> None:
    put = store.put(DATA)
    before = sorted(store.root.rglob("*"))

    with mock.patch("campaign_pipeline.storage.local_store.datetime", wraps=datetime) as host:
        host.now.return_value = datetime(1999, 12, 31, tzinfo=UTC)
        told = store.now()

    [blob] = store.blobs()
    assert blob.content_hash == put.content_hash
    assert timedelta(0) <= told - blob.touched_at < HOUR
    assert sorted(store.root.rglob("*")) == before


def test_only_what_is_old_is_removed(store: LocalArtifactStore) -> None:
    store.put(DATA)

    young = store.remove(HASH, untouched_since=store.now() - HOUR)
    old = store.remove(HASH, untouched_since=store.now() + HOUR)
    again = store.remove(HASH, untouched_since=store.now() + HOUR)

    assert (young, old, again) == (False, True, False)
    assert store.verify(HASH) is Verification.MISSING


def test_bytes_that_are_there_are_young_once_they_were_put_or_held(
    store: LocalArtifactStore, put: Callable[[], object]
) -> None:
    store.put(DATA)
    _make_old(store)
    cutoff = store.now() - HOUR

    put()

    assert not store.remove(HASH, untouched_since=cutoff)
    assert store.verify(HASH) is Verification.SOUND


@pytest.mark.parametrize("damage", [b"", DATA[:-1], b"A" + DATA[1:]], ids=["empty", "cut", "flipped"])
def test_damaged_bytes_are_told_and_not_made_young(store: LocalArtifactStore, damage: bytes) -> None:
    store.put(DATA)
    _file(store).chmod(0o644)
    _file(store).write_bytes(damage)
    _make_old(store)

    verdict = store.hold(HASH)

    assert verdict is Verification.ALTERED
    assert store.remove(HASH, untouched_since=store.now() - HOUR)
    assert store.hold(HASH) is Verification.MISSING


def test_an_age_is_looked_at_again_once_nobody_can_change_it(store: LocalArtifactStore) -> None:
    """A walk saw old bytes; before they are removed, somebody puts them."""
    store.put(DATA)
    _make_old(store)
    (listed,) = store.blobs()
    store.put(DATA)

    removed = store.remove(listed.content_hash, untouched_since=store.now() - HOUR)

    assert listed.touched_at < store.now() - HOUR
    assert not removed


def test_bytes_that_vanish_between_check_and_touch_are_written_anew(
    store: LocalArtifactStore, put: Callable[[], object]
) -> None:
    store.put(DATA)
    touch = os.utime
    taken = False

    def utime(path: Path) -> None:
        nonlocal taken
        if not taken:
            taken = True
            path.unlink()
        touch(path)

    with mock.patch("os.utime", utime):
        told = put()

    assert taken
    # Who holds bytes without having them can only be told that they are gone.
    assert store.verify(HASH) is (told if isinstance(told, Verification) else Verification.SOUND)


def test_whoever_was_told_that_bytes_are_stored_finds_them_though_all_that_is_old_is_being_removed(
    store: LocalArtifactStore,
) -> None:
    many = [b"%d" % number for number in range(400)]
    for data in many:
        _make_old(store, store.put(data).content_hash)
    cutoff = store.now() - HOUR

    def sweep() -> int:
        return sum(store.remove(blob.content_hash, untouched_since=cutoff) for blob in store.blobs())

    def put_again(part: list[bytes]) -> set[Verification]:
        return {store.verify(store.put(data).content_hash) for data in part}

    with ThreadPoolExecutor(3) as pool:
        sweeping = pool.submit(sweep)
        verdicts = list(pool.map(put_again, (many[::2], many[1::2])))

    assert verdicts == [{Verification.SOUND}] * 2
    assert {store.verify(content_hash(data)) for data in many} == {Verification.SOUND}
    assert sweeping.result() <= len(many)


def test_what_a_kill_and_a_repair_left_behind_is_listed_and_goes_when_it_is_old(
    store: LocalArtifactStore,
) -> None:
    store.put(DATA)
    _file(store).chmod(0o644)
    _file(store).write_bytes(b"bad")
    store.put(DATA)
    (store.root / "tmp" / "half").write_bytes(b"half of it")

    found = {leftover.kind: leftover for leftover in store.leftovers()}

    assert {kind: leftover.size_bytes for kind, leftover in found.items()} == {
        "unfinished": 10,
        "quarantined": 3,
    }
    for leftover in found.values():
        assert not store.remove_leftover(leftover, untouched_since=store.now() - HOUR)
        assert store.remove_leftover(leftover, untouched_since=store.now() + HOUR)
    assert list(store.leftovers()) == []
    assert store.read(HASH) == DATA


def test_what_is_no_blob_by_its_name_is_passed_over(store: LocalArtifactStore) -> None:
    store.put(DATA)
    (_file(store).parent / "README").touch()
    (store.root / "sha256" / "zz").mkdir()
    (store.root / "sha256" / "zz" / _file(store).name).touch()

    found = [blob.content_hash for blob in store.blobs()]

    assert found == [HASH]


def test_without_locks_the_age_alone_decides(store: LocalArtifactStore) -> None:
    with mock.patch.dict("sys.modules", {"fcntl": None}):
        store.put(DATA)
        young = store.remove(HASH, untouched_since=store.now() - HOUR)
        old = store.remove(HASH, untouched_since=store.now() + HOUR)

    assert (young, old) == (False, True)
    assert not (store.root / LOCK_FILE).exists()


def _file(store: LocalArtifactStore, digest: str = HASH) -> Path:
    return store.root / store.uri(digest)


def _make_old(store: LocalArtifactStore, digest: str = HASH) -> None:
    """Let bytes lie there since long ago."""
    os.utime(_file(store, digest), (0, 0))
