"""Jazz: a swung ride, a walking bass, seventh chords on the off-beats.

Belongs here: its instruments, rhythms, drums, mix and room.
Does not belong here: what the fields mean (genre), and which words lead here (genre_words).
"""

from campaign_pipeline.providers.synth.genre import SHARES, Genre

JAZZ = Genre(
    name="jazz",
    leads=("vibes", "muted_horn", "piano"),
    chords=("piano", "electric_piano"),
    basses=("upright_bass",),
    arps=("vibes", "nylon"),
    kit="brushes",
    grooves=(
        {
            "ride": "x...x...x...x...",
            "rim": "............-...",
            "kick": "o...............",
            "foot": "....o.......o...",
        },
        {
            "ride": "x...x..ox...x..o",
            "foot": "....x.......x...",
            "kick": "o.........o.....",
            "snare": ".......-......-.",
        },
        {
            "ride": "x..ox..ox..ox..o",
            "foot": "....x.......x...",
            "kick": "x.....o...x..o..",
            "snare": "...-...o..-....o",
        },
    ),
    bass=("R_______5_____w_", "R___5___R___w___", "R___3___5___w___", "R__R3___5__5w___"),
    comping=("x_______________", "x_____x_________", "...x______x_____", "x__x______x__x__"),
    arp=("", "", "..x..x....x..x.."),
    shares=SHARES
    | {"kick": 0.05, "drums": 0.07, "cymbals": 0.006, "bass": 0.15, "chords": 0.24, "lead": 0.33},
    swing=0.33,
    strum_s=0.007,
    room_s=1.0,
    wet=0.18,
    chord_size=4,
    fills=({"snare": "........o..oo.ox"}, {"tom": "........o.x.o.xx", "snare": "............o..."}),
    turns=({"snare": ".............-.o"}, {"kick": ".............o.."}),
)
