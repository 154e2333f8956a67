"""Chords, bass and broken chords under a melody.

Belongs here: the parts that follow the harmony bar by bar.
Does not belong here: the melody (melody) and drums (drumming).
"""

from dataclasses import dataclass

from campaign_pipeline.providers.synth.grid import STEPS_PER_BEAT, strokes, swung
from campaign_pipeline.providers.synth.score import Note
from campaign_pipeline.providers.synth.theory import nearest_pitch
from campaign_pipeline.providers.tempo import BEATS_PER_BAR

_BASS_CENTRE = 41
_ARP_CENTRE = 70
_ARP_SHAPES = ((0, 1, 2, 1), (0, 2, 1, 3), (2, 1, 0, 1), (0, 1, 2, 3))
_VOICE_PANS = (-0.55, 0.55, -0.2, 0.3, 0.0)
_SUSTAINED_STEPS = 8


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar as the accompaniment sees it.

    Args:
        number: Its place in the piece.
        chord: Pitch classes, the root first.
        next_chord: What it leads to.
        intensity: −1 thin, 0 ordinary, 1 full.
    """

    number: int
    chord: tuple[int, ...]
    next_chord: tuple[int, ...]
    intensity: int
    last_of_section: bool

    @property
    def at(self) -> float:
        """The beat it begins on."""
        return float(self.number * BEATS_PER_BAR)


def comp(bar: Bar, *, rhythm: str, voicing: tuple[int, ...], swing: float, touch: float) -> list[Note]:
    """Play the chord in the comping rhythm, its voices spread from left to right."""
    notes = []
    for stroke in strokes(rhythm):
        held = stroke.steps / STEPS_PER_BEAT
        beats = held if stroke.steps >= _SUSTAINED_STEPS else held * max(touch, 0.5)
        at = swung(bar.at + stroke.step / STEPS_PER_BEAT, swing=swing)
        accent = 1.0 if stroke.step % STEPS_PER_BEAT == 0 else 0.85
        notes += [
            Note(bus="chords", pitch=pitch, at=at, beats=beats, velocity=accent * stroke.loudness, pan=pan)
            for pitch, pan in zip(voicing, _VOICE_PANS, strict=False)
        ]
    return notes


def walk_bass(bar: Bar, *, rhythm: str, swing: float) -> list[Note]:
    """Play the bass; at the end of a section it steps towards the next root."""
    root = nearest_pitch(bar.chord[0], to=_BASS_CENTRE)
    pitches = {
        "R": root,
        "5": nearest_pitch(bar.chord[2], to=root + 5),
        "8": root + 12,
        "3": nearest_pitch(bar.chord[1], to=root + 3),
    }
    notes = [
        Note(
            bus="bass",
            pitch=pitches[stroke.sign],
            at=swung(bar.at + stroke.step / STEPS_PER_BEAT, swing=swing),
            beats=stroke.steps / STEPS_PER_BEAT * 0.92,
            velocity=1.0 if stroke.step == 0 else 0.85,
        )
        for stroke in strokes(rhythm)
    ]
    if bar.last_of_section:
        notes = [note for note in notes if note.at < bar.at + BEATS_PER_BAR - 1] + _approach(bar)
    return notes


def break_chord(bar: Bar, *, rhythm: str, shape: int, swing: float) -> list[Note]:
    """Play the notes of the chord one after the other, wandering between left and right."""
    ladder = sorted(nearest_pitch(tone, to=_ARP_CENTRE) for tone in bar.chord)
    ladder.append(ladder[0] + 12)
    order = _ARP_SHAPES[shape % len(_ARP_SHAPES)]
    return [
        Note(
            bus="arp",
            pitch=ladder[order[index % len(order)] % len(ladder)],
            at=swung(bar.at + stroke.step / STEPS_PER_BEAT, swing=swing),
            beats=0.4,
            velocity=0.9 if stroke.step % STEPS_PER_BEAT == 0 else 0.65,
            pan=0.6 if index % 2 else -0.6,
        )
        for index, stroke in enumerate(strokes(rhythm))
    ]


def _approach(bar: Bar) -> list[Note]:
    target = nearest_pitch(bar.next_chord[0], to=_BASS_CENTRE)
    fifth = nearest_pitch(bar.chord[2], to=target)
    last_beat = bar.at + BEATS_PER_BAR - 1
    return [
        Note(bus="bass", pitch=fifth, at=last_beat, beats=0.45, velocity=0.85),
        Note(
            bus="bass",
            pitch=target + (2 if fifth > target else -2),
            at=last_beat + 0.5,
            beats=0.45,
            velocity=0.8,
        ),
    ]
