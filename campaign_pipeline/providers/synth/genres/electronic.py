"""Electronic dance music: four on the floor, off-beat bass, the kick pushing the rest down.

Belongs here: its instruments, rhythms, drums, mix and room.
Does not belong here: what the fields mean (genre), and which words lead here (genre_words).
"""

from campaign_pipeline.providers.synth.genre import SHARES, Genre

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
    bass=("..R_..R_..R_..R_", "..R_..R_..5_..8_", "R_.R..R_R_.R..8.", "R__R__R_..R_R_8_"),
    comping=("x_______________", "x_____x_____x___", "..x_..x_..x_..x_", "x__x__x___x__x__"),
    arp=("x...x...x...x...", "x.x.x.x.x.x.x.x.", "x.xxx.xxx.xxx.xx"),
    shares=SHARES | {"kick": 0.12, "drums": 0.075, "cymbals": 0.0024},
    duck=0.5,
)
