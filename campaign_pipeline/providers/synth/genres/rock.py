"""Rock: driven guitars, a straight backbeat, a bass in eighths.

Belongs here: its instruments, rhythms, drums, mix and room.
Does not belong here: what the fields mean (genre), and which words lead here (genre_words).
"""

from campaign_pipeline.providers.synth.genre import SHARES, Genre

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
    bass=("R__RR_R_R__RR_5_", "R_R_R_R_R_R_5_w_", "R.R.R.R.R.R.R.8."),
    comping=("x_______x_______", "x___x___x___x___", "x_____x_x___x_x_", "x_x.x_xxx_x.x_x."),
    arp=("", "..x...x...x...x.", "x.x.x.x.x.x.x.x."),
    shares=SHARES | {"drums": 0.13, "cymbals": 0.0028, "chords": 0.25, "arp": 0.06},
    strum_s=0.009,
    room_s=0.9,
    wet=0.13,
    chord_centre=63,
)
