"""Rhythms as a person writes them: sixteen signs a bar, one a sixteenth.

Belongs here: reading the signs.
Does not belong here: which rhythm is played (genres, drumming, melody).
"""

from collections.abc import Iterator
from dataclasses import dataclass

STEPS_PER_BAR = 16
STEPS_PER_BEAT = 4
REST, HOLD = ".", "_"
_LOUDNESS = {"x": 1.0, "o": 0.66, "-": 0.4}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stroke:
    """One sounding sign: where it starts, how many sixteenths it is held, and which sign it was."""

    step: int
    steps: int
    sign: str

    @property
    def loudness(self) -> float:
        """How loud the sign asks to be played, 0 to 1; a sign that names a pitch is played in full."""
        return _LOUDNESS.get(self.sign, 1.0)


def strokes(rhythm: str) -> Iterator[Stroke]:
    """Read a rhythm: `.` rests, `_` holds the sign before it, any other sign sounds."""
    for step, sign in enumerate(rhythm):
        if sign in (REST, HOLD):
            continue
        held = 1
        while step + held < len(rhythm) and rhythm[step + held] == HOLD:
            held += 1
        yield Stroke(step=step, steps=held, sign=sign)


def swung(beat: float, *, swing: float) -> float:
    """Delay what lies on an off-beat sixteenth by a share of a sixteenth."""
    step = round(beat * STEPS_PER_BEAT)
    return beat + (swing / STEPS_PER_BEAT if step % 2 else 0.0)
