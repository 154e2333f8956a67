"""A set of very many texts in little memory, for those who may keep too much but never too little.

Belongs here: the set.
Does not belong here: what is remembered in one (building.collector, building.brooms, building.auditor).
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from heapq import merge

_UNSORTED = 1 << 16
"""How many are held in an ordinary set, which takes ten times the memory, until they are sorted."""


class CompactSet:
    """Texts by 64 bits of their hash: eight bytes each, twice that at most while parts of it are merged.

    It is held in sorted parts, each at least twice as long as the next: so every text is merged as often as the number
    of parts, which is logarithmic, and looked for in as many.

    What was added is found, always. What was not is taken for something that was once in 2**64 / n questions: who asks
    must be one to whom that does no harm.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._parts: list[array[int]] = []
        self._recent: set[int] = set()
        self.update(texts)

    def add(self, text: str) -> None:
        """Remember a text."""
        self._recent.add(hash(text))
        if len(self._recent) >= _UNSORTED:
            self._sort_in()

    def update(self, texts: Iterable[str]) -> None:
        """Remember texts."""
        for text in texts:
            self.add(text)

    def __contains__(self, text: str) -> bool:
        mark = hash(text)
        return mark in self._recent or any(_holds(part, mark) for part in self._parts)

    def _sort_in(self) -> None:
        part = array("q", sorted(self._recent))
        self._recent.clear()
        while self._parts and len(self._parts[-1]) < 2 * len(part):
            part = _merged(self._parts.pop(), part)
        self._parts.append(part)


def _holds(part: "array[int]", mark: int) -> bool:
    place = bisect_left(part, mark)
    return place < len(part) and part[place] == mark


def _merged(one: "array[int]", other: "array[int]") -> "array[int]":
    merged = array("q")
    for mark in merge(one, other):
        if not merged or merged[-1] != mark:
            merged.append(mark)
    return merged
