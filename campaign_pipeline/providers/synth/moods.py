"""What a mood means in music.

Belongs here: scale, harmony, register, motion and touch of the eight moods.
Does not belong here: instruments and drums (genres).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from campaign_pipeline.model.audio import Mood

Progression = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class MoodStyle:
    """The musical habits of one mood.

    Args:
        tonic: Pitch class of the home note relative to the other moods'; a brief turns all of them by one interval.
            They are spread so that another mood of the same brief is another set of notes, too.
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
        sustain: Which instruments it prefers of a genre's, from struck and plucked at 0 to held at 1.
        chord_rise: Semitones by which chords and broken chords lie above the genre's.
        mix: Bus to what its share of the loudness is multiplied by; those that are not named keep theirs.
        comping: Rhythms that its chords are played in, from calm to busy; none is to play the genre's.
        pedal: Whether the bass stays on the home chord, whatever is played above.
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
    sustain: float = 0.5
    chord_rise: int = 0
    mix: Mapping[str, float] = field(default_factory=dict)
    comping: tuple[str, ...] = ()
    pedal: bool = False


MOODS: dict[Mood, MoodStyle] = {
    "happy": MoodStyle(
        scale="major",
        tonic=0,
        home=((1, 5, 6, 4), (1, 4, 1, 5), (1, 6, 4, 5), (1, 3, 4, 5)),
        away=((4, 5, 3, 6), (6, 4, 1, 5), (2, 5, 1, 6)),
        centre=78,
        liveliness=0.75,
        touch=0.65,
        brightness=1.25,
        drive=0.05,
        sustain=0.2,
        chord_rise=4,
        mix={"arp": 1.9, "chords": 0.8, "bass": 0.8},
    ),
    "sad": MoodStyle(
        scale="minor",
        tonic=1,
        home=((1, 6, 4, 1), (1, 4, 1, 5), (1, 4, 6, 1)),
        away=((6, 7, 1, 1), (4, 1, 6, 5), (6, 3, 7, 4)),
        centre=70,
        liveliness=0.1,
        leap=1,
        touch=1.0,
        brightness=0.7,
        drive=-0.35,
        sustain=1.0,
        chord_rise=-2,
        mix={"kick": 0.5, "drums": 0.45, "cymbals": 0.4, "bass": 0.9, "chords": 1.4, "arp": 0.5},
    ),
    "tense": MoodStyle(
        scale="neapolitan minor",
        tonic=3,
        home=((1, 2, 1, 7), (1, 1, 2, 2), (1, 6, 2, 1)),
        away=((4, 2, 6, 7), (6, 2, 4, 1)),
        centre=69,
        liveliness=0.6,
        leap=1,
        touch=0.4,
        brightness=0.85,
        drive=0.1,
        sustain=0.3,
        chord_rise=-2,
        mix={"kick": 1.2, "bass": 1.4, "lead": 0.8, "chords": 0.7, "arp": 1.8},
        pedal=True,
        comping=("x...x...x...x...", "x.x.x.x.x.x.x.x."),
    ),
    "relaxed": MoodStyle(
        scale="lydian",
        tonic=8,
        home=((1, 2, 1, 2), (1, 2, 1, 6), (1, 6, 1, 2)),
        away=((6, 2, 3, 1), (2, 3, 6, 5)),
        chord_size=4,
        centre=73,
        liveliness=0.2,
        touch=0.95,
        brightness=0.88,
        swing=0.18,
        drive=-0.2,
        sustain=0.1,
        chord_rise=4,
        mix={"kick": 0.7, "drums": 0.5, "cymbals": 0.6, "chords": 1.4, "arp": 1.6, "lead": 0.5},
        comping=("x_______________", "x_________x_____"),
    ),
    "epic": MoodStyle(
        scale="minor",
        tonic=7,
        home=((1, 6, 1, 7), (1, 7, 6, 7), (1, 1, 6, 7)),
        away=((6, 7, 1, 3), (4, 6, 1, 7), (6, 3, 7, 1)),
        centre=73,
        liveliness=0.4,
        leap=4,
        touch=0.95,
        brightness=1.15,
        drive=0.3,
        sustain=0.8,
        chord_rise=-3,
        mix={"kick": 1.6, "drums": 1.8, "cymbals": 1.4, "bass": 1.4, "arp": 0.8},
        comping=("x___x___x___x___", "x__xx___x__xx_x_"),
    ),
    "playful": MoodStyle(
        scale="lydian dominant",
        tonic=9,
        home=((1, 2, 1, 2), (1, 2, 4, 1), (1, 7, 2, 1)),
        away=((2, 1, 7, 2), (6, 2, 7, 1)),
        centre=82,
        liveliness=0.95,
        leap=3,
        touch=0.35,
        brightness=1.15,
        swing=0.22,
        sustain=0.0,
        chord_rise=5,
        mix={"drums": 0.7, "bass": 0.7, "chords": 0.6, "lead": 1.5},
        comping=("..x...x...x...x.", "..x...x...x..xx."),
    ),
    "dramatic": MoodStyle(
        scale="harmonic minor",
        tonic=5,
        home=((1, 6, 4, 5), (1, 4, 5, 1), (1, 5, 6, 5)),
        away=((4, 1, 6, 5), (6, 4, 1, 5)),
        centre=72,
        liveliness=0.45,
        leap=4,
        touch=0.9,
        brightness=0.9,
        drive=0.1,
        sustain=1.0,
        chord_rise=-2,
        mix={"bass": 1.2, "chords": 1.2, "lead": 1.4},
        comping=("x_______________", "x_____x_________"),
    ),
    "neutral": MoodStyle(
        scale="dorian",
        tonic=3,
        home=((1, 4, 1, 4), (1, 7, 4, 1), (1, 4, 7, 4)),
        away=((4, 7, 3, 1), (3, 4, 7, 1)),
        centre=72,
        liveliness=0.4,
        touch=0.85,
        brightness=0.9,
        mix={"arp": 0.4, "chords": 1.4},
        chord_rise=-1,
    ),
}


def style_in(style: MoodStyle, *, scale: str | None) -> MoodStyle:
    """Give a mood in another scale, with progressions that are at home there; None keeps the mood's own."""
    if scale is None or scale == style.scale:
        return style
    others = [MOODS[name] for name in ("happy", "epic", *MOODS) if MOODS[name].scale == scale]
    at_home = others[0] if others else style
    return replace(style, scale=scale, home=at_home.home, away=at_home.away)
