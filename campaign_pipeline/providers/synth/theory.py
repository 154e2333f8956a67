"""Scales, chords and the leading of voices.

Belongs here: what holds of any music in twelve equal steps.
Does not belong here: which scale or progression a mood likes (moods).
"""

from dataclasses import dataclass

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "lydian dominant": (0, 2, 4, 6, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "neapolitan minor": (0, 1, 3, 5, 7, 8, 11),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
}
"""Semitones above the tonic."""

NOTE_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


@dataclass(frozen=True, kw_only=True)
class Key:
    """A tonic (pitch class 0 to 11, C is 0) and a scale upon it."""

    tonic: int
    scale: str

    @property
    def name(self) -> str:
        """The key as a musician says it."""
        return f"{NOTE_NAMES[self.tonic]} {self.scale}"

    def moved(self, semitones: int) -> "Key":
        """Give the same scale upon another tonic."""
        return Key(tonic=(self.tonic + semitones) % 12, scale=self.scale)

    def pitch(self, step: int) -> int:
        """Give the MIDI pitch of a scale step; step 0 is the tonic in the octave of middle C."""
        steps = SCALES[self.scale]
        octave, degree = divmod(step, len(steps))
        return 60 + self.tonic + 12 * octave + steps[degree]

    def chord(self, degree: int, *, size: int = 3) -> tuple[int, ...]:
        """Stack thirds upon a degree (1 to 7).

        Returns:
            Pitch classes, the root first.
        """
        return tuple(self.pitch(degree - 1 + 2 * third) % 12 for third in range(size))

    def step_near(self, pitch: float) -> int:
        """Find the scale step whose pitch is nearest."""
        guess = round((pitch - 60 - self.tonic) * 7 / 12)
        return min(range(guess - 2, guess + 3), key=lambda step: (abs(self.pitch(step) - pitch), step))


def nearest_pitch(pitch_class: int, *, to: float) -> int:
    """Find the pitch of a class that is nearest to a pitch."""
    base = round(to) - (round(to) - pitch_class) % 12
    return min((base, base + 12), key=lambda pitch: (abs(pitch - to), pitch))


def voice_chord(pitch_classes: tuple[int, ...], *, after: tuple[int, ...], centre: float) -> tuple[int, ...]:
    """Voice a chord in close position, moving as little as possible from the chord before it.

    Args:
        after: The voicing before this one; empty at the beginning.
        centre: The pitch that voicings hover around, so that they don't drift away.

    Returns:
        Pitches, the lowest first.
    """
    return min(
        _inversions(pitch_classes, centre=centre), key=lambda chord: (_effort(chord, after, centre), chord)
    )


def _inversions(pitch_classes: tuple[int, ...], *, centre: float) -> list[tuple[int, ...]]:
    voicings = []
    for turn in range(len(pitch_classes)):
        order = pitch_classes[turn:] + pitch_classes[:turn]
        pitches = [nearest_pitch(order[0], to=centre - 5)]
        for pitch_class in order[1:]:
            pitches.append(pitches[-1] + (pitch_class - pitches[-1]) % 12)
        voicings += [tuple(pitch + shift for pitch in pitches) for shift in (-12, 0, 12)]
    return voicings


def _effort(chord: tuple[int, ...], after: tuple[int, ...], centre: float) -> float:
    drift = abs(sum(chord) / len(chord) - centre)
    if not after:
        return drift
    moved = sum(min(abs(pitch - old) for old in after) for pitch in chord)
    return moved + 0.4 * drift
