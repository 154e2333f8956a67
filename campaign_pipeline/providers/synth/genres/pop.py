"""Pop: a backbeat, a singable lead, piano chords.

Belongs here: its instruments, rhythms, drums, mix and room.
Does not belong here: what the fields mean (genre), and which words lead here (genre_words).
"""

from campaign_pipeline.providers.synth.genre import SHARES, Genre

POP = Genre(
    name="pop",
    leads=("soft_lead", "bell", "piano"),
    chords=("piano", "electric_piano"),
    basses=("round_bass", "pick_bass"),
    arps=("nylon", "glass"),
    grooves=(
        {"kick": "x.........x.....", "rim": "....x.......x...", "shaker": "o...o...o...o..."},
        {"kick": "x.....x.x.......", "snare": "....x.......x...", "hat": "x.o.x.o.x.o.x.o."},
        {
            "kick": "x..x..x.x..x....",
            "snare": "....x.......x..-",
            "hat": "x-o-x-o-x-o-x-o-",
            "clap": "....o.......o...",
        },
    ),
    bass=("R_____R_____5_w_", "R___R_R_5___5_R_", "R__R__R_R__R__8_"),
    comping=("x_______x_______", "x___x___x___x___", "x_____x_..x_x___", "x__x__x_x__x__x_"),
    arp=("..x...x...x...x.", "x.x.x.x.x.x.x.x.", "x.xxx.x.x.xxx.x."),
    shares=SHARES,
    duck=0.15,
    strum_s=0.006,
)
