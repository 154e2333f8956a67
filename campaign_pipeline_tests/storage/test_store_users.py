"""Which ledgers name the bytes of a store."""

from pathlib import Path

import pytest

from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.store_address import artifact_store

OTHER = "postgresql://db:5432/campaigns"


def test_a_store_knows_the_other_ledgers_that_put_bytes_there(tmp_path: Path) -> None:
    ours = artifact_store(str(tmp_path), ledger="/here/ledger.db")
    artifact_store(str(tmp_path), ledger=OTHER).put(b"theirs")
    ours.put(b"ours")

    others = ours.other_ledgers()

    assert list(others) == [OTHER]
    assert Path(others[OTHER]).read_text(encoding="utf-8") == f"{OTHER}\n"


def test_whoever_finds_its_bytes_there_already_is_known_too(tmp_path: Path) -> None:
    ours = artifact_store(str(tmp_path), ledger="/here/ledger.db")
    ours.put(b"equal")

    artifact_store(str(tmp_path), ledger=OTHER).put(b"equal")

    assert list(ours.other_ledgers()) == [OTHER]


def test_looking_leaves_no_word(tmp_path: Path) -> None:
    ours = artifact_store(str(tmp_path), ledger="/here/ledger.db")
    digest = ours.put(b"ours").content_hash

    artifact_store(str(tmp_path), ledger=OTHER).read(digest)

    assert ours.other_ledgers() == {}


def test_a_file_of_a_ledger_that_is_gone_counts_no_more(tmp_path: Path) -> None:
    moved, ours = (artifact_store(str(tmp_path / "store"), ledger=str(tmp_path / name)) for name in "ab")
    (tmp_path / "a").touch()
    moved.put(b"theirs")
    before = list(ours.other_ledgers())

    (tmp_path / "a").rename(tmp_path / "b")

    assert before == [str(tmp_path / "a")]
    assert ours.other_ledgers() == {}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://alice:secret@db/campaigns",
        "postgresql+psycopg://bob@db:5432/campaigns?sslmode=require",
        "postgres://db/campaigns",
    ],
)
def test_a_ledger_is_one_place_whoever_logs_in(url: str) -> None:
    assert LedgerAddress.parse(url).place == OTHER
