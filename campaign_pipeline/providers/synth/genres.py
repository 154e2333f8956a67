"""What a genre means in music.

Belongs here: instruments, rhythms, drums and room of each genre, and how free text finds one.
Does not belong here: scales and harmony (moods), the sound of an instrument (patches) or of a drum (percussion).
"""

import re
from dataclasses import dataclass, field

Groove = dict[str, str]
"""Drum to its rhythm over one bar; see grid for the signs."""


@dataclass(frozen=True, kw_only=True)
class Genre:
    """The habits of one genre.

    Args:
        grooves: Drums for calm, ordinary and driving energy.
        bass: Rhythms whose signs are what is played: R root, 5 fifth, 8 octave, 3 third.
        comping: Rhythms of the chords.
        arp: Rhythms of the broken chord, from sparse to dense; empty for none.
        shares: Each bus's share of the loudness of the whole.
        duck: How far the kick pushes the rest down, 0 to 1.
        room_s: Time in which the room dies away by 60 dB.
        wet: How much of the chords, arp and lead is heard through the room.
    """

    name: str
    leads: tuple[str, ...]
    chords: tuple[str, ...]
    basses: tuple[str, ...]
    arps: tuple[str, ...]
    grooves: tuple[Groove, Groove, Groove]
    bass: tuple[str, ...]
    comping: tuple[str, ...]
    arp: tuple[str, ...]
    shares: dict[str, float]
    kit: str = "acoustic"
    duck: float = 0.0
    swing: float = 0.0
    room_s: float = 1.2
    wet: float = 0.2
    chord_size: int = 3
    chord_centre: float = 66.0
    fills: tuple[Groove, ...] = field(
        default=(
            {"snare": "............oxxx"},
            {"tom": "........x.x.x.xx", "snare": "............x..."},
            {"snare": "........o.oxo.xx"},
        )
    )


_SHARES = {
    "kick": 0.11,
    "drums": 0.12,
    "cymbals": 0.006,
    "bass": 0.11,
    "chords": 0.24,
    "arp": 0.11,
    "lead": 0.26,
}

ELECTRONIC = Genre(
    name="electronic",
    leads=("saw_lead", "square_lead", "glass"),
    chords=("warm_pad", "saw_stab"),
    basses=("synth_bass", "round_bass"),
    arps=("saw_pluck", "glass"),
    kit="machine",
    grooves=(
        {"kick": "x.......x.......", "hat": "..o...o...o...o.", "rim": "....-.......-..."},
        {
            "kick": "x...x...x...x...",
            "clap": "....x.......x...",
            "hat": "..x...x...x...x.",
            "shaker": "o-o-o-o-o-o-o-o-",
        },
        {
            "kick": "x...x...x...x..o",
            "clap": "....x.......x...",
            "open_hat": "..x...x...x...x.",
            "hat": "o-.-o-.-o-.-o-.-",
        },
    ),
    bass=("..R_..R_..R_..R_", "R_.R..R_R_.R..8.", "..R_..R_..5_..8_", "R__R__R_..R_R_8_"),
    comping=("x_______________", "x__x__x___x__x__", "..x_..x_..x_..x_", "x_____x_____x___"),
    arp=("x...x...x...x...", "x.x.x.x.x.x.x.x.", "x.xxx.xxx.xxx.xx"),
    shares=_SHARES | {"kick": 0.12, "drums": 0.075, "cymbals": 0.004},
    duck=0.5,
)

POP = Genre(
    name="pop",
    leads=("soft_lead", "bell", "piano"),
    chords=("piano", "electric_piano"),
    basses=("round_bass", "pick_bass"),
    arps=("nylon", "glass"),
    grooves=(
        {"kick": "x.........x.....", "rim": "....x.......x...", "shaker": "o-o-o-o-o-o-o-o-"},
        {"kick": "x.....x.x.......", "snare": "....x.......x...", "hat": "x.o.x.o.x.o.x.o."},
        {
            "kick": "x..x..x.x..x....",
            "snare": "....x.......x..-",
            "hat": "x-o-x-o-x-o-x-o-",
            "clap": "....o.......o...",
        },
    ),
    bass=("R_____R_R_____5_", "R__R__R_R__R__8_", "R___R_R_5___5_R_"),
    comping=("x___x___x___x___", "x__x__x_x__x__x_", "x_____x_..x_x___"),
    arp=("..x...x...x...x.", "x.x.x.x.x.x.x.x.", "x.xxx.x.x.xxx.x."),
    shares=_SHARES,
    duck=0.15,
)

ROCK = Genre(
    name="rock",
    leads=("drive_guitar", "organ"),
    chords=("power_guitar", "organ"),
    basses=("pick_bass",),
    arps=("nylon", "piano"),
    grooves=(
        {"kick": "x.......x.......", "rim": "....x.......x...", "hat": "x...x...x...x..."},
        {"kick": "x......xx.x.....", "snare": "....x.......x...", "hat": "x.o.x.o.x.o.x.o."},
        {
            "kick": "x.x...x.x.x...x.",
            "snare": "....x.......x...",
            "open_hat": "x...x...x...x...",
            "hat": "..o...o...o...o.",
        },
    ),
    bass=("R.R.R.R.R.R.R.R.", "R_R_R_R_R_R_5_8_", "R__RR_R_R__RR_5_"),
    comping=("x___x___x___x___", "x_x.x_xxx_x.x_x.", "x_____x_x___x_x_"),
    arp=("", "..x...x...x...x.", "x.x.x.x.x.x.x.x."),
    shares=_SHARES | {"drums": 0.14, "chords": 0.26, "arp": 0.07},
    room_s=0.9,
    wet=0.13,
    chord_centre=64,
)

HIPHOP = Genre(
    name="hip-hop",
    leads=("vibes", "flute", "bell"),
    chords=("electric_piano", "warm_pad"),
    basses=("sub_bass", "round_bass"),
    arps=("vibes", "nylon"),
    kit="machine",
    grooves=(
        {"kick": "x.........o.....", "rim": "....x.......x...", "hat": "x.o.x.o.x.o.x.o."},
        {"kick": "x......x..x.....", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.xo"},
        {
            "kick": "x..x...x..x..x..",
            "snare": "....x.......x...",
            "clap": "....x.......x...",
            "hat": "x.x.xxx.x.x.x-xx",
        },
    ),
    bass=("R_____R___5_____", "R______R__R___8_", "R___..R_..R_5___"),
    comping=("x_____x_________", "x______x__x_____", "..x_____..x_____"),
    arp=("", "..x.....x.....x.", "..x..x..x..x..x."),
    shares=_SHARES | {"kick": 0.12, "bass": 0.12, "drums": 0.1, "cymbals": 0.005, "arp": 0.08},
    swing=0.28,
    duck=0.2,
    chord_size=4,
    room_s=1.0,
)

AMBIENT = Genre(
    name="ambient",
    leads=("glass", "flute", "bell"),
    chords=("slow_pad", "warm_pad"),
    basses=("sub_bass",),
    arps=("glass", "vibes"),
    kit="soft",
    grooves=(
        {"shaker": "-.......-......."},
        {"kick": "o...............", "shaker": "-...-...-...-...", "rim": "..........-....."},
        {"kick": "o.........o.....", "shaker": "-.-.-.-.-.-.-.-.", "rim": "....-.......-..."},
    ),
    bass=("R_______________", "R_________5_____"),
    comping=("x_______________",),
    arp=("", "x.....x.....x...", "x..x..x..x..x..."),
    shares={
        "kick": 0.05,
        "drums": 0.02,
        "cymbals": 0.006,
        "bass": 0.12,
        "chords": 0.40,
        "arp": 0.14,
        "lead": 0.26,
    },
    room_s=2.4,
    wet=0.5,
    chord_size=4,
    chord_centre=67,
    fills=({},),
)

CINEMATIC = Genre(
    name="cinematic",
    leads=("strings_lead", "horn", "flute"),
    chords=("strings", "brass"),
    basses=("low_strings",),
    arps=("short_strings", "harp"),
    kit="orchestra",
    grooves=(
        {"tom": "x.......o......."},
        {"tom": "x..o..x...o.o...", "taiko": "x...............", "shaker": "o.-.o.-.o.-.o.-."},
        {"tom": "x.oxx.oxx.oxxoxo", "taiko": "x.....x...x.....", "snare": "....o.-.o...o.--"},
    ),
    bass=("R_______R_______", "R_____R_R_____5_", "R_R_R_R_R_R_R_R_"),
    comping=("x_______________", "x_______x_______", "x_____x_____x___"),
    arp=("x...x...x...x...", "x.x.x.x.x.x.x.x.", "x.xxx.xxx.xxx.xx"),
    shares={
        "kick": 0.04,
        "drums": 0.16,
        "cymbals": 0.006,
        "bass": 0.12,
        "chords": 0.28,
        "arp": 0.12,
        "lead": 0.27,
    },
    room_s=1.9,
    wet=0.34,
    chord_centre=65,
    fills=(
        {"tom": "x.x.x.x.xxxxxxxx"},
        {"tom": "........x.oxxoxx", "snare": "--------ooooxxxx"},
    ),
)

GENRES = (ELECTRONIC, POP, ROCK, HIPHOP, AMBIENT, CINEMATIC)

_KEYWORDS: tuple[tuple[Genre, str], ...] = (
    (HIPHOP, r"hip.?hop|rap|trap|lo.?fi|boom.?bap|r ?(&|n|and) ?b|soul|neo.?soul|drill|jazz"),
    (AMBIENT, r"ambient|chill.?out|meditat\w*|drone|new.?age|spa|sleep|calm|downtempo|relax\w*|yoga"),
    (
        CINEMATIC,
        r"cinema\w*|orchest\w*|classical|film\w*|movie|trailer|soundtrack|score|symphon\w*|fantasy|baroque",
    ),
    (ROCK, r"rock\w*|metal|punk|grunge|indie|blues|country|guitar|surf"),
    (
        ELECTRONIC,
        r"electr\w*|edm|house|techno|trance|dance|synth\w*|chip.?tune|8.?bit|arcade|disco|dnb|dubstep|retro\w*|neon|club",
    ),
    (
        POP,
        r"pop|funk|latin|reggae\w*|tropical|folk|acoustic|bossa|salsa|ska|afro\w*|jingle|christmas|holiday|kids?",
    ),
)


def genre_named(text: str) -> Genre:
    """Find the genre that free text speaks of: the first word that is known decides.

    Text without a known word gives pop, which offends nobody.
    """
    found = [
        (match.start(), order, genre)
        for order, (genre, words) in enumerate(_KEYWORDS)
        if (match := re.search(rf"\b({words})\b", text.lower()))
    ]
    return min(found, key=lambda hit: hit[:2])[2] if found else POP
