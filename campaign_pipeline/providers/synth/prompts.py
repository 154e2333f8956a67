"""What words in a prompt change.

Belongs here: known words and their meaning, and reading them from free text.
Does not belong here: applying the wishes (arrange).
"""

import re
from dataclasses import dataclass, field
from typing import TypeVar

from campaign_pipeline.providers.synth.keys_in_words import NamedKey, key_named
from campaign_pipeline.providers.synth.refusals import sort_out

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a prompt asks for beyond mood and genre.

    Args:
        brightness: Times the cut-off of every patch.
        energy: Added to the energy.
        swing: Added to the swing.
        lead, chords, bass: Patches asked for by name.
        drums: Whether drums may play at all.
        extra_drum: A drum that joins, and its rhythm over one bar.
        comping: A rhythm for the chords.
        big_chords: Whether chords get their seventh.
        key: The key asked for.
    """

    brightness: float = 1.0
    energy: float = 0.0
    swing: float = 0.0
    lead: str | None = None
    chords: str | None = None
    bass: str | None = None
    drums: bool = True
    extra_drum: tuple[str, str] | None = None
    comping: str | None = None
    big_chords: bool = False
    key: NamedKey = field(default_factory=NamedKey)


_DRUMS = r"drums?|drummers?|drumming|percussion|beats?"
_DRUMLESS = r"drumless|beatless|(drum|percussion|beat)s?.free"
_STEEL_DRUMS = re.compile(r"steel.?drums?")
"""Drums by name only: a melody is played on them."""
_BRIGHTNESS = (
    (r"bright|sunny|sparkl\w*|shin\w*|crisp|cheer\w*|summer\w*", 1.2),
    (r"dark\w*|night\w*|moody|deep|warm|mellow|shadow\w*", 0.7),
)
_ENERGY = (
    (r"slow\w*|calm\w*|gentle|soft\w*|peaceful|quiet|laid.?back|dream\w*", -0.15),
    (r"fast|driving|energetic|intense|powerful|hard|upbeat|party|exciting", 0.15),
)
_LEADS = (
    (r"steel.?(drums?|pans?)|calypso|carnival", "steel_pan"),
    (r"tropical|island|beach|caribbean|marimba|jungle", "marimba"),
    (r"8.?bit|chip.?tune|arcade|retro|pixel|video.?game", "square_lead"),
    (r"bells?|christmas|winter|snow\w*|music.?box|magic\w*", "bell"),
    (r"flute|forest|pan.?pipes?", "flute"),
    (r"violins?|romantic", "strings_lead"),
    (r"horns?|brass|trumpets?|hero\w*|royal", "horn"),
    (r"electric guitars?", "drive_guitar"),
    (r"saxophone|sax|muted trumpet", "muted_horn"),
    (r"vibes|vibraphone|lounge", "vibes"),
)
_CHORDS = (
    (r"rhodes|electric piano|lo.?fi", "electric_piano"),
    (r"piano", "piano"),
    (r"strings|orchestra\w*", "strings"),
    (r"acoustic guitars?|strum\w*|ukulele|banjo", "steel_guitar"),
    (r"organ|gospel", "organ"),
    (r"pads?|atmospher\w*|space|cosmic|dream\w*", "warm_pad"),
)
_BASSES = ((r"808|sub.?bass", "sub_bass"), (r"synth.?bass|acid", "synth_bass"))
_SLEIGH = ("sleigh", "x.o.x.o.x.o.x.o.")
_CONGA = ("conga", "o..x..o.o.x.x.o.")
_EXTRA_DRUMS = (
    (r"christmas|sleigh|winter|snow\w*", _SLEIGH),
    (r"tropical|island|beach|latin|bongos?|congas?", _CONGA),
)
_COMPING = (
    (r"reggae|ska|island|tropical|beach", "..x_..x_..x_..x_"),
    (r"waltz\w*|lullab\w*", "x_____x_____x___"),
)


def wishes_of(words: str) -> Wishes:
    """Read the wishes from a prompt or a genre; words that are not known, or are declined, change nothing here."""
    asked = sort_out(words)
    text, declined = asked.wanted.lower(), _STEEL_DRUMS.sub(" ", asked.declined.lower())
    brightness = 1.0
    for known, factor in _BRIGHTNESS:
        brightness *= factor if _speaks_of(text, known) else 1.0
    return Wishes(
        brightness=brightness,
        energy=sum(change for known, change in _ENERGY if _speaks_of(text, known)),
        swing=0.25 if _speaks_of(text, r"swing\w*|shuffle|jazz\w*") else 0.0,
        lead=_first(text, _LEADS),
        chords=_first(text, _CHORDS),
        bass=_first(text, _BASSES),
        drums=not (_speaks_of(declined, _DRUMS) or _speaks_of(text, _DRUMLESS)),
        extra_drum=_first(text, _EXTRA_DRUMS),
        comping=_first(text, _COMPING),
        big_chords=_speaks_of(text, r"jazz\w*|smooth|lounge|soul\w*|neo.?soul"),
        key=key_named(asked.wanted),
    )


def _speaks_of(text: str, words: str) -> bool:
    return re.search(rf"\b({words})\b", text) is not None


def _first(text: str, table: tuple[tuple[str, Value], ...]) -> Value | None:
    return next((value for words, value in table if _speaks_of(text, words)), None)
