"""Chords, bass and broken chords under a melody.

Belongs here: the parts that follow the harmony bar by bar.
Does not belong here: the melody (melody) and drums (drumming).
"""

from dataclasses import dataclass, replace

from campaign_pipeline.providers.synth.arrangement import Parts
from campaign_pipeline.providers.synth.grid import STEPS_PER_BEAT, strokes, swung
from campaign_pipeline.providers.synth.score import Note
from campaign_pipeline.providers.synth.theory import nearest_pitch
from campaign_pipeline.providers.tempo import BEATS_PER_BAR

_BASS_CENTRE = 41
_ARP_CENTRE = 70
_ARP_SHAPES = ((0, 1, 2, 1), (0, 2, 1, 3), (2, 1, 0, 1), (0, 1, 2, 3))
_VOICE_PANS = (-0.55, 0.55, -0.2, 0.3, 0.0)
_SUSTAINED_STEPS = 8
_DYNAMICS = {-1: 0.8, 0: 0.92, 1: 1.0}
"""How loud a section is played, from thin to full."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar as the accompaniment sees it.

    Args:
        number: Its place in the piece.
        chord: Pitch classes, the root first.
        ground, next_ground: The chord that the bass plays, and the one it leads to: most often the bar's own.
        intensity: −1 thin, 0 ordinary, 1 full.
    """

    number: int
    chord: tuple[int, ...]
    ground: tuple[int, ...]
    next_ground: tuple[int, ...]
    intensity: int = 0
    opens_section: bool = False
    ends_section: bool = False
    ends_phrase: bool = False

    @property
    def at(self) -> float:
        """The beat it begins on."""
        return float(self.number * BEATS_PER_BAR)

    @property
    def loudness(self) -> float:
        """How loud its section is played, 0 to 1."""
        return _DYNAMICS[self.intensity]


def comp(
    bar: Bar, *, parts: Parts, voicing: tuple[int, ...], swing: float, touch: float, strum: float
) -> list[Note]:
    """Play the chord in the comping rhythm, its voices spread from left to right.

    Args:
        strum: Beats by which each voice comes after the one below it.
    """
    notes = []
    for stroke in strokes(parts.comping):
        held = stroke.steps / STEPS_PER_BEAT
        beats = held if stroke.steps >= _SUSTAINED_STEPS else held * max(touch, 0.5)
        at = swung(bar.at + stroke.step / STEPS_PER_BEAT, swing=swing)
        accent = 1.0 if stroke.step % STEPS_PER_BEAT == 0 else 0.85
        notes += [
            Note(
                bus="chords",
                patch=parts.patches["chords"],
                pitch=pitch,
                at=at + voice * strum,
                beats=beats,
                velocity=accent * stroke.loudness * bar.loudness,
                pan=pan,
            )
            for voice, (pitch, pan) in enumerate(zip(voicing, _VOICE_PANS, strict=False))
        ]
    return notes


def walk_bass(bar: Bar, *, parts: Parts, swing: float) -> list[Note]:
    """Play the bass; at the end of a section it steps towards the next root."""
    root = nearest_pitch(bar.ground[0], to=_BASS_CENTRE)
    target = nearest_pitch(bar.next_ground[0], to=_BASS_CENTRE)
    pitches = {
        "R": root,
        "5": nearest_pitch(bar.ground[2], to=root + 5),
        "8": root + 12,
        "3": nearest_pitch(bar.ground[1], to=root + 3),
        "w": target + (1 if root > target else -1),
    }

    def note(pitch: int, *, at: float, beats: float, velocity: float) -> Note:
        return Note(
            bus="bass",
            patch=parts.patches["bass"],
            pitch=pitch,
            at=swung(bar.at + at, swing=swing),
            beats=beats,
            velocity=velocity * bar.loudness,
        )

    notes = [
        note(
            pitches[stroke.sign],
            at=stroke.step / STEPS_PER_BEAT,
            beats=stroke.steps / STEPS_PER_BEAT * 0.92,
            velocity=1.0 if stroke.step == 0 else 0.85,
        )
        for stroke in strokes(parts.bass)
    ]
    if not bar.ends_section:
        return notes
    last_beat = float(BEATS_PER_BAR - 1)
    fifth = nearest_pitch(bar.ground[2], to=target)
    return [
        *(_until(played, bar.at + last_beat) for played in notes if played.at < bar.at + last_beat),
        note(fifth, at=last_beat, beats=0.45, velocity=0.85),
        note(target + (2 if fifth > target else -2), at=last_beat + 0.5, beats=0.45, velocity=0.8),
    ]


def break_chord(bar: Bar, *, parts: Parts, rhythm: str, shape: int, rise: int, swing: float) -> list[Note]:
    """Play the notes of the chord one after the other, wandering between left and right."""
    ladder = sorted(nearest_pitch(tone, to=_ARP_CENTRE + rise) for tone in bar.chord)
    ladder.append(ladder[0] + 12)
    order = _ARP_SHAPES[shape % len(_ARP_SHAPES)]
    return [
        Note(
            bus="arp",
            patch=parts.patches["arp"],
            pitch=ladder[order[index % len(order)] % len(ladder)],
            at=swung(bar.at + stroke.step / STEPS_PER_BEAT, swing=swing),
            beats=0.4,
            velocity=(0.9 if stroke.step % STEPS_PER_BEAT == 0 else 0.65) * bar.loudness,
            pan=0.6 if index % 2 else -0.6,
        )
        for index, stroke in enumerate(strokes(rhythm))
    ]


def _until(note: Note, beat: float) -> Note:
    """Hold a note no longer than up to a beat: a bass plays one note at a time."""
    return replace(note, beats=min(note.beats, beat - note.at))
