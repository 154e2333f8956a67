"""Film music: strings, brass and deep drums in a hall.

Belongs here: its instruments, rhythms, drums, mix and room.
Does not belong here: what the fields mean (genre), and which words lead here (genre_words).
"""

from campaign_pipeline.providers.synth.genre import Genre

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
    bass=("R_______R_______", "R_____R_R_____5_", "R_R_R_R_R_R_5_w_"),
    comping=("x_______________", "x_______x_______", "x_____x_____x___"),
    arp=("x...x...x...x...", "x.x.x.x.x.x.x.x.", "x.xxx.xxx.xxx.xx"),
    shares={
        "kick": 0.04,
        "drums": 0.16,
        "cymbals": 0.006,
        "bass": 0.12,
        "chords": 0.26,
        "arp": 0.12,
        "lead": 0.29,
    },
    room_s=1.9,
    wet=0.34,
    fills=(
        {"tom": "x.x.x.x.xxxxxxxx"},
        {"tom": "........x.oxxoxx", "snare": "--------ooooxxxx"},
    ),
    turns=({"tom": ".............oxx"}, {"taiko": "..............o."}),
)
