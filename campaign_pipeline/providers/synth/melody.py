"""Melodies that come from a motif.

Belongs here: drawing a theme, and its repetition, variation and cadences over chords.
Does not belong here: harmony (theory, moods) and which bars are played (compose).
"""

import random
from dataclasses import dataclass, replace

from campaign_pipeline.providers.synth.form import BARS_PER_PHRASE
from campaign_pipeline.providers.synth.grid import STEPS_PER_BEAT, strokes
from campaign_pipeline.providers.synth.moods import MoodStyle
from campaign_pipeline.providers.synth.theory import Key, nearest_pitch

_RHYTHMS = (
    ("x_______x_______", "x_____x___x_____", "x___________x___", "....x_______x___", "x_____x_________"),
    ("x___x_x_x___x___", "x__x__x_x_______", "..x_x_x___x_x___", "x_____x_x_x_x___", "x__x__x___x_x___"),
    ("x_x_xxx_x_x_x___", "x_xx_xx_x_x_x_x_", "..xxx_x_x_xxx_x_", "x_x_x_x_xx_xx___", "x__xx_x_x__xx_x_"),
)
"""Rhythms of one bar: sparse, ordinary, busy."""

_CADENCES = ("x___x___x_______", "x_x_x___x_______", "x_____x_x_______", "x___x_x_x___....")
_RANGE = 9
"""Semitones above or below the centre beyond which a melody turns back."""
_HIGHEST = 87
"""E♭6, beyond which a melody on a phone's speaker is shrill."""
_THIRD = 3
_WIDEST_LEAP = 9
"""Semitones; a voice can sing a sixth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tone:
    """One note of a motif: its place in the bar in sixteenths, and its scale steps away from the anchor."""

    step: int
    steps: int
    offset: int


@dataclass(frozen=True, kw_only=True)
class Motif:
    """One bar of melody that can be recognised wherever it returns."""

    tones: tuple[Tone, ...]


@dataclass(frozen=True, kw_only=True)
class Theme:
    """What a section sings: a motif, its answer, a cadence that leaves the question open, and one that closes it."""

    motif: Motif
    answer: Motif
    half_cadence: Motif
    full_cadence: Motif

    def bar(self, number: int, *, of: int) -> Motif:
        """Give a bar of a section that is so many bars long: phrases of four, the last of them closed."""
        place = number % BARS_PER_PHRASE
        if number == of - 1:
            return self.full_cadence
        if place == BARS_PER_PHRASE - 1:
            return self.half_cadence
        return self.answer if place == 1 else self.motif


@dataclass(frozen=True, kw_only=True, slots=True)
class MelodyNote:
    """One sounding note of a melody; times in beats from the start of its bar."""

    pitch: int
    at: float
    beats: float
    accent: bool


def draw_theme(dice: random.Random, *, mood: MoodStyle, energy: float) -> Theme:
    """Draw a theme: a rhythm, and a contour that moves by steps and now and then leaps."""
    busy = 0.65 * mood.liveliness + 0.35 * energy + dice.uniform(-0.12, 0.12)
    rhythm = dice.choice(_RHYTHMS[0 if busy < 0.36 else 1 if busy < 0.62 else 2])  # noqa: PLR2004  thirds of the scale
    motif = Motif(tones=_contour(rhythm, dice, mood=mood))
    return Theme(
        motif=motif,
        answer=motif if dice.random() < 0.5 else vary(motif, dice),  # noqa: PLR2004  a coin
        half_cadence=_cadence(dice, fall=-1),
        full_cadence=_cadence(dice, fall=1),
    )


def varied(theme: Theme, dice: random.Random) -> Theme:
    """Vary a theme where it answers and asks; it begins and ends as it did."""
    return replace(theme, answer=vary(theme.answer, dice), half_cadence=vary(theme.half_cadence, dice))


def vary(motif: Motif, dice: random.Random) -> Motif:
    """Vary a motif so that it is still heard as the same: another tail, or an ornament."""
    tones = list(motif.tones)
    tail = max(1, len(tones) // 2)
    shift = dice.choice((-2, -1, 1, 2))
    tones[-tail:] = [replace(tone, offset=tone.offset + shift) for tone in tones[-tail:]]
    longest = max(range(len(tones)), key=lambda index: tones[index].steps)
    long = tones[longest]
    if long.steps >= STEPS_PER_BEAT:
        half = long.steps // 2
        tones[longest : longest + 1] = [
            replace(long, steps=half),
            Tone(step=long.step + half, steps=long.steps - half, offset=long.offset + dice.choice((-1, 1))),
        ]
    return Motif(tones=tuple(tones))


def realise(
    motif: Motif, *, key: Key, chord: tuple[int, ...], near: float, mood: MoodStyle
) -> list[MelodyNote]:
    """Turn a motif into notes over a chord.

    Strong beats sing notes of the chord, and so do long notes that would rub against one; what lies between them
    moves through the scale.

    Args:
        near: The pitch that the anchor is sought around.
    """
    anchor = key.step_near(_nearest_of(chord, to=near))
    notes: list[MelodyNote] = []
    before = near
    for tone in motif.tones:
        strong = tone.step % (2 * STEPS_PER_BEAT) == 0
        pitch = key.pitch(anchor + tone.offset)
        if strong or (tone.steps >= STEPS_PER_BEAT and _rubs(pitch, chord)):
            pitch = _nearest_of(chord, to=pitch)
        pitch = _singable(pitch, after=before, centre=mood.centre)
        beats = tone.steps / STEPS_PER_BEAT * mood.touch
        notes.append(MelodyNote(pitch=pitch, at=tone.step / STEPS_PER_BEAT, beats=beats, accent=strong))
        before = pitch
    return notes


def below(pitch: int, *, chord: tuple[int, ...]) -> int:
    """Give what a second voice sings under a melody: the highest note of the chord a third or more below."""
    return max(pitch - down for down in range(_THIRD, _THIRD + 12) if (pitch - down) % 12 in chord)


def _cadence(dice: random.Random, *, fall: int) -> Motif:
    """Draw the bar that ends a phrase: it falls or rises to its anchor, and rests."""
    rhythm = list(strokes(dice.choice(_CADENCES)))
    tones = [
        Tone(step=stroke.step, steps=stroke.steps, offset=fall * (len(rhythm) - 1 - index))
        for index, stroke in enumerate(rhythm)
    ]
    return Motif(tones=tuple(tones))


def _contour(rhythm: str, dice: random.Random, *, mood: MoodStyle) -> tuple[Tone, ...]:
    tones, offset, direction = [], 0, dice.choice((-1, 1))
    for stroke in strokes(rhythm):
        tones.append(Tone(step=stroke.step, steps=stroke.steps, offset=offset))
        chance = dice.random()
        if chance < 0.22:  # noqa: PLR2004  about one note in five leaps, and the line then turns back
            offset += direction * mood.leap
            direction = -direction
        elif chance < 0.82:  # noqa: PLR2004  three in five move by a step; the rest repeat
            offset += direction
        if abs(offset) > 3 + mood.leap:
            direction = -1 if offset > 0 else 1
    return tuple(tones)


def _nearest_of(chord: tuple[int, ...], *, to: float) -> int:
    return min((nearest_pitch(tone, to=to) for tone in chord), key=lambda pitch: (abs(pitch - to), pitch))


def _rubs(pitch: int, chord: tuple[int, ...]) -> bool:
    """Tell whether a pitch lies a semitone beside a note of the chord, and is none itself."""
    return pitch % 12 not in chord and bool({(pitch - 1) % 12, (pitch + 1) % 12} & set(chord))


def _singable(pitch: int, *, after: float, centre: float) -> int:
    """Move a pitch by octaves: no wide leap, then within the range of the voice."""
    while pitch - after > _WIDEST_LEAP:
        pitch -= 12
    while after - pitch > _WIDEST_LEAP:
        pitch += 12
    while pitch > min(centre + _RANGE, _HIGHEST):
        pitch -= 12
    while pitch < centre - _RANGE - 2:
        pitch += 12
    return pitch
