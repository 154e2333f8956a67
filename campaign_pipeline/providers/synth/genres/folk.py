"""Folk and country: picked and strummed guitar, a bass on one and three, light hands on the drum.

Belongs here: its instruments, rhythms, drums, mix and room.
Does not belong here: what the fields mean (genre), and which words lead here (genre_words).
"""

from campaign_pipeline.providers.synth.genre import SHARES, Genre

FOLK = Genre(
    name="folk",
    leads=("flute", "nylon", "strings_lead"),
    chords=("steel_guitar", "nylon"),
    basses=("upright_bass",),
    arps=("nylon", "harp"),
    kit="brushes",
    grooves=(
        {"shaker": "o...-...o...-..."},
        {"kick": "x.......x.......", "snare": "....o.......o...", "shaker": "o.-.o.-.o.-.o.-."},
        {
            "kick": "x.....o.x.......",
            "snare": "..-.x.-...-.x.--",
            "clap": "....x.......x...",
            "shaker": "o-x-o-x-o-x-o-x-",
        },
    ),
    bass=("R_______5_______", "R_______5_____w_", "R___5___R___5_w_"),
    comping=("x_______x_______", "x___x_x___x_x_x_", "x___x_x_x___x_x_", "x_xxx_xxx_xxx_xx"),
    arp=("x.x.x.x.x.x.x.x.", "x.x.x.x.x.x.x.x.", "x.xxx.x.x.xxx.x."),
    shares=SHARES | {"kick": 0.07, "drums": 0.08, "chords": 0.24, "arp": 0.13},
    strum_s=0.012,
    room_s=0.9,
    wet=0.16,
    fills=({"snare": "........o.o.o.xx"}, {"tom": "........o.o.x.x."}),
    turns=({"snare": ".............-.o"}, {"kick": "..............o."}),
)
