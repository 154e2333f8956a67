"""Ambient: pads in a large room, hardly a beat.

Belongs here: its instruments, rhythms, drums, mix and room.
Does not belong here: what the fields mean (genre), and which words lead here (genre_words).
"""

from campaign_pipeline.providers.synth.genre import Genre

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
    bass=("R_______________", "R_________5_____", "R_____5_____8___"),
    comping=("x_______________", "x_______x_______"),
    arp=("", "x.....x.....x...", "x..x..x..x..x..."),
    shares={
        "kick": 0.05,
        "drums": 0.02,
        "cymbals": 0.006,
        "bass": 0.12,
        "chords": 0.36,
        "arp": 0.14,
        "lead": 0.30,
    },
    room_s=2.4,
    wet=0.5,
    chord_size=4,
    chord_centre=66,
    fills=({},),
    turns=({},),
)
