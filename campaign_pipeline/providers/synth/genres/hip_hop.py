"""Hip-hop and lo-fi: a lazy, swung beat under seventh chords.

Belongs here: its instruments, rhythms, drums, mix and room.
Does not belong here: what the fields mean (genre), and which words lead here (genre_words).
"""

from campaign_pipeline.providers.synth.genre import SHARES, Genre

HIP_HOP = Genre(
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
    bass=("R_____R___5_____", "R______R__R___8_", "R___..R_..R_5_w_"),
    comping=("x_______________", "x_____x_________", "..x_____..x_____", "x______x__x_____"),
    arp=("", "..x.....x.....x.", "..x..x..x..x..x."),
    shares=SHARES | {"kick": 0.12, "bass": 0.12, "drums": 0.1, "cymbals": 0.0026, "arp": 0.07},
    swing=0.28,
    duck=0.2,
    strum_s=0.008,
    chord_size=4,
    room_s=1.0,
)
