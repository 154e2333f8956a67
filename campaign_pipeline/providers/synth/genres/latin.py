"""Latin and tropical music: congas and clave, a bass before the beat, off-beat chords.

Belongs here: its instruments, rhythms, drums, mix and room.
Does not belong here: what the fields mean (genre), and which words lead here (genre_words).
"""

from campaign_pipeline.providers.synth.genre import SHARES, Genre

LATIN = Genre(
    name="latin",
    leads=("marimba", "steel_pan", "flute"),
    chords=("nylon", "piano"),
    basses=("upright_bass", "round_bass"),
    arps=("nylon", "marimba"),
    grooves=(
        {"conga": "..o...oo..o...o.", "shaker": "x...o...x...o...", "kick": "x.......o......."},
        {
            "conga": "o..x..oxo..x..xo",
            "clave": "x..x..x...x.x...",
            "shaker": "x-o-x-o-x-o-x-o-",
            "kick": "x.....o.x.....o.",
        },
        {
            "conga": "oxox.oxxoxox.oxx",
            "clave": "x..x..x...x.x...",
            "shaker": "xox-xox-xox-xox-",
            "kick": "x..o..x.x..o..x.",
            "rim": "....o.......o...",
        },
    ),
    bass=("R_______5_____R_", "R_____5_R_____5_", "R__5__8___5_R_w_"),
    comping=("x_______x_______", "..x_..x_..x_..x_", "x__x__x___x_x___", "x_.x_.x_.x_.x_x_"),
    arp=("", "x..x..x...x.x...", "x.xx.xx.x.xx.xx."),
    shares=SHARES | {"kick": 0.08, "drums": 0.13, "bass": 0.12, "arp": 0.09},
    strum_s=0.008,
    room_s=1.0,
    wet=0.16,
    fills=({"conga": "x.oxx.oxx.oxxxxx"}, {"conga": "........xxoxxoxx", "tom": "............x.x."}),
    turns=({"conga": "............oxxx"}, {"rim": "..............oo"}),
)
