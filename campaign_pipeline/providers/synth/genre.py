"""What a genre is made of.

Belongs here: the fields that describe any genre, and the rhythms and shares that most of them have in common.
Does not belong here: the genres themselves (genres), scales and harmony (moods).
"""

from dataclasses import dataclass

from campaign_pipeline.providers.synth.percussion import KitName

Groove = dict[str, str]
"""Drum to its rhythm over one bar; see grid for the signs."""

SHARES = {
    "kick": 0.11,
    "drums": 0.12,
    "cymbals": 0.0034,
    "bass": 0.11,
    "chords": 0.22,
    "arp": 0.10,
    "lead": 0.29,
}
"""Each bus's share of the loudness of the whole: the melody first, then the chords under it."""

_FILLS: tuple[Groove, ...] = (
    {"snare": "............oxxx"},
    {"tom": "........x.x.x.xx", "snare": "............x..."},
    {"snare": "........o.oxo.xx"},
)
_TURNS: tuple[Groove, ...] = (
    {"snare": ".............-.o"},
    {"kick": "..............o."},
    {"open_hat": "..............o."},
)


@dataclass(frozen=True, kw_only=True)
class Genre:
    """The habits of one genre.

    Args:
        leads, chords, basses, arps: Patches to choose from.
        grooves: Drums for calm, ordinary and driving energy.
        bass: Rhythms from calm to busy, whose signs are what is played: R root, 5 fifth, 8 octave, 3 third, and
            w a step towards the next root.
        comping: Rhythms of the chords, from calm to busy.
        arp: Rhythms of the broken chord, from sparse to dense; empty for none.
        shares: Each bus's share of the loudness of the whole.
        duck: How far the kick pushes the rest down, 0 to 1.
        strum_s: By how much each voice of a chord comes after the one below it.
        room_s: Time in which the room dies away by 60 dB.
        wet: How much of the chords, arp and lead is heard through the room.
        fills: What drums play at the end of a section.
        turns: What they add at the end of a phrase within one.
    """

    name: str
    leads: tuple[str, ...]
    chords: tuple[str, ...]
    basses: tuple[str, ...]
    arps: tuple[str, ...]
    grooves: tuple[Groove, Groove, Groove]
    bass: tuple[str, ...]
    comping: tuple[str, ...]
    arp: tuple[str, str, str]
    shares: dict[str, float]
    kit: KitName = "acoustic"
    duck: float = 0.0
    strum_s: float = 0.0
    swing: float = 0.0
    room_s: float = 1.2
    wet: float = 0.2
    chord_size: int = 3
    chord_centre: float = 64.0
    fills: tuple[Groove, ...] = _FILLS
    turns: tuple[Groove, ...] = _TURNS
