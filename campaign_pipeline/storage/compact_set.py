"""A set of very many texts in little memory, for those who may keep too much but never too little.

Belongs here: the set.
Does not belong here: what is remembered in one (collecting).
"""

import heapq
from array import array
from bisect import bisect_left
from collections.abc import Iterable

_UNSORTED = 1 << 16
"""How many are held in an ordinary set, which takes ten times the memory, until they are sorted in."""


class CompactSet:
    """Texts by 64 bits of their hash: eight bytes each, sixteen while some are sorted in.

    What was added is found, always. What was not is taken for something that was once in 2**64 / n questions: who asks
    must be one to whom that does no harm.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._sorted = array("q")
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
        if mark in self._recent:
            return True
        place = bisect_left(self._sorted, mark)
        return place < len(self._sorted) and self._sorted[place] == mark

    def _sort_in(self) -> None:
        merged = array("q")
        for mark in heapq.merge(self._sorted, sorted(self._recent)):
            if not merged or merged[-1] != mark:
                merged.append(mark)
        self._sorted = merged
        self._recent.clear()
