"""What a mood means in music.

Belongs here: scale, harmony, register, motion and touch of the eight moods.
Does not belong here: instruments and drums (genres).
"""

from dataclasses import dataclass, replace

from campaign_pipeline.model.audio import Mood

Progression = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class MoodStyle:
    """The musical habits of one mood.

    Args:
        tonic: Pitch class of the home note relative to the other moods'; a brief turns all of them by one interval.
            They are spread so that another mood of the same brief is another set of notes.
        home: Progressions for the A and D sections, a chord degree a bar.
        away: Progressions for the B and C sections.
        chord_size: 3 for triads, 4 for seventh chords.
        centre: The pitch that melodies hover around.
        liveliness: 0 to 1, how busy a melody's rhythm is.
        leap: How far, in scale steps, a melody likes to jump.
        touch: Share of its written length that a note sounds.
        brightness: Times the cut-off of every patch.
        swing: Delay of the off-beat sixteenth, as a share of a sixteenth.
        drive: Added to the energy that chooses the drums.
    """

    scale: str
    tonic: int
    home: tuple[Progression, ...]
    away: tuple[Progression, ...]
    chord_size: int = 3
    centre: float = 74.0
    liveliness: float = 0.5
    leap: int = 2
    touch: float = 0.85
    brightness: float = 1.0
    swing: float = 0.0
    drive: float = 0.0


MOODS: dict[Mood, MoodStyle] = {
    "happy": MoodStyle(
        scale="major",
        tonic=0,
        home=((1, 5, 6, 4), (1, 4, 1, 5), (1, 6, 4, 5), (1, 3, 4, 5)),
        away=((4, 5, 3, 6), (6, 4, 1, 5), (2, 5, 1, 6)),
        centre=76,
        liveliness=0.6,
        touch=0.75,
        brightness=1.2,
        drive=0.05,
    ),
    "sad": MoodStyle(
        scale="minor",
        tonic=1,
        home=((1, 6, 3, 7), (1, 4, 6, 5), (1, 5, 6, 4)),
        away=((6, 7, 1, 1), (4, 1, 6, 5), (6, 3, 7, 4)),
        centre=71,
        liveliness=0.2,
        leap=1,
        touch=1.0,
        brightness=0.72,
        drive=-0.25,
    ),
    "tense": MoodStyle(
        scale="phrygian",
        tonic=3,
        home=((1, 2, 1, 7), (1, 1, 2, 2), (1, 6, 2, 1)),
        away=((4, 2, 6, 7), (6, 2, 4, 1)),
        centre=70,
        liveliness=0.55,
        leap=1,
        touch=0.5,
        brightness=0.85,
        drive=0.1,
    ),
    "relaxed": MoodStyle(
        scale="lydian",
        tonic=8,
        home=((1, 2, 1, 6), (1, 3, 6, 2), (1, 6, 2, 5)),
        away=((6, 2, 3, 1), (2, 3, 6, 5)),
        chord_size=4,
        centre=72,
        liveliness=0.25,
        leap=2,
        touch=0.95,
        brightness=0.8,
        swing=0.12,
        drive=-0.2,
    ),
    "epic": MoodStyle(
        scale="minor",
        tonic=7,
        home=((1, 6, 3, 7), (1, 7, 6, 7), (1, 3, 7, 6)),
        away=((6, 7, 1, 3), (4, 6, 1, 7), (6, 3, 7, 1)),
        centre=73,
        liveliness=0.4,
        leap=4,
        touch=0.95,
        brightness=1.15,
        drive=0.2,
    ),
    "playful": MoodStyle(
        scale="mixolydian",
        tonic=9,
        home=((1, 7, 4, 1), (1, 4, 7, 4), (1, 2, 4, 1)),
        away=((4, 1, 7, 4), (2, 4, 5, 1)),
        centre=79,
        liveliness=0.75,
        leap=3,
        touch=0.45,
        brightness=1.1,
        swing=0.22,
    ),
    "dramatic": MoodStyle(
        scale="harmonic minor",
        tonic=5,
        home=((1, 6, 4, 5), (1, 4, 5, 1), (1, 5, 6, 5)),
        away=((4, 1, 6, 5), (6, 4, 1, 5)),
        centre=72,
        liveliness=0.4,
        leap=4,
        touch=0.9,
        brightness=0.95,
        drive=0.1,
    ),
    "neutral": MoodStyle(
        scale="dorian",
        tonic=3,
        home=((1, 4, 1, 7), (1, 7, 4, 1), (1, 3, 4, 7)),
        away=((4, 7, 3, 1), (3, 4, 7, 1)),
        centre=73,
        liveliness=0.45,
        touch=0.8,
    ),
}


def style_in(style: MoodStyle, *, scale: str | None) -> MoodStyle:
    """Give a mood in another scale, with progressions that are at home there; None keeps the mood's own."""
    if scale is None or scale == style.scale:
        return style
    others = [MOODS[name] for name in ("happy", "epic", *MOODS) if MOODS[name].scale == scale]
    return replace(style, scale=scale, home=others[0].home, away=others[0].away)
