"""A set of very many texts: what was added is found, always."""

from array import array

import pytest

from campaign_pipeline.storage import compact_set
from campaign_pipeline.storage.compact_set import CompactSet


@pytest.mark.parametrize("unsorted", [1, 2, 7, 1000])
def test_what_was_added_is_found_however_often_it_was_added(
    unsorted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact_set, "_UNSORTED", unsorted)
    texts = [f"sha256:{number:064x}" for number in range(100)]

    found = CompactSet([*texts, *reversed(texts), *texts[::3]])

    assert all(text in found for text in texts)
    assert not any(f"{text}0" in found for text in texts)
    assert sum(map(len, found._parts)) + len(found._recent) <= 2 * len(texts) + unsorted


def test_nothing_is_in_a_set_that_is_empty() -> None:
    assert "anything" not in CompactSet()


def test_a_set_that_grows_is_merged_a_few_times_not_once_for_every_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compact_set, "_UNSORTED", 10)
    merged, by_hand = list[int](), compact_set._merged

    def counted(one: "array[int]", other: "array[int]") -> "array[int]":
        merged.append(len(one) + len(other))
        return by_hand(one, other)

    monkeypatch.setattr(compact_set, "_merged", counted)

    found = CompactSet(str(number) for number in range(10_240))

    assert sum(merged) <= 10_240 * 11
    assert len(found._parts) <= 11
