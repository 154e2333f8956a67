"""Chance that is drawn from a request.

Belongs here: the seed of a piece, and independent streams of chance made from it.
Does not belong here: what is decided by it.
"""

import hashlib
import random

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.model.digest import canonical_json

_THE_PIECE = {"prompt", "genre", "mood", "seed"}
"""What makes it another piece; faster, longer, livelier, or in another file format it is the same piece."""


class Dice:
    """Independent streams of chance, one a name: a choice more in one part changes nothing in another."""

    def __init__(self, request: AudioRequest) -> None:
        self._seed, self._brief = (
            hashlib.sha256(canonical_json(request.model_dump(mode="json", include=fields))).digest()
            for fields in (_THE_PIECE, _THE_PIECE - {"mood"})
        )

    def stream(self, name: str) -> random.Random:
        """Open the stream of a name, from its beginning."""
        return random.Random(self.number(name))  # noqa: S311  music, not cryptography

    def number(self, name: str) -> int:
        """Draw one 64-bit number for a name."""
        return _number(self._seed, name)

    def number_in_any_mood(self, name: str) -> int:
        """Draw one 64-bit number that stays the same when the brief asks for another mood."""
        return _number(self._brief, name)


def _number(seed: bytes, name: str) -> int:
    return int.from_bytes(hashlib.sha256(seed + name.encode()).digest()[:8], "big")
