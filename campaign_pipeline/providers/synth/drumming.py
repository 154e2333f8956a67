"""Drums over a section.

Belongs here: grooves bar by bar, fills at the ends of sections, the crash that opens one.
Does not belong here: the sound of a drum (percussion).
"""

import random

from campaign_pipeline.providers.synth.accompaniment import Bar
from campaign_pipeline.providers.synth.arrangement import Arrangement
from campaign_pipeline.providers.synth.grid import STEPS_PER_BEAT, strokes, swung
from campaign_pipeline.providers.synth.score import DrumBus, Hit

_PANS = {
    "hat": 0.35,
    "open_hat": 0.35,
    "shaker": -0.45,
    "sleigh": -0.4,
    "rim": -0.25,
    "conga": 0.4,
    "crash": 0.3,
}
_STEADY = ("hat", "shaker", "sleigh")
_CYMBALS = ("hat", "open_hat", "shaker", "sleigh", "crash")
_FILL_STEP = 8
_THIN_DRUMS = ("hat", "shaker", "rim", "open_hat")


def drum(bar: Bar, *, arrangement: Arrangement, dice: random.Random, opens_section: bool) -> list[Hit]:
    """Play one bar of drums."""
    if not arrangement.wishes.drums:
        return []
    groove = dict(arrangement.lively_groove if bar.intensity > 0 else arrangement.groove)
    if arrangement.wishes.extra_drum:
        extra, rhythm = arrangement.wishes.extra_drum
        groove[extra] = rhythm
    if bar.intensity < 0:
        groove = {name: rhythm for name, rhythm in groove.items() if name in _THIN_DRUMS}
    fill = dice.choice(arrangement.genre.fills) if bar.last_of_section else {}
    hits = [
        hit for name, rhythm in groove.items() for hit in _strike(bar, name, rhythm, arrangement, fill=fill)
    ]
    for name, rhythm in fill.items():
        hits += _strike(bar, name, rhythm, arrangement, fill={})
    if opens_section and bar.intensity >= 0 and arrangement.genre.fills != ({},):
        hits.append(
            Hit(bus=_bus("crash"), drum="crash", at=bar.at, velocity=0.45 + 0.3 * arrangement.energy, pan=0.3)
        )
    return hits


def _bus(drum_name: str) -> DrumBus:
    if drum_name == "kick":
        return "kick"
    return "cymbals" if drum_name in _CYMBALS else "drums"


def _strike(bar: Bar, name: str, rhythm: str, arrangement: Arrangement, *, fill: dict[str, str]) -> list[Hit]:
    hits = []
    for stroke in strokes(rhythm):
        if fill and name not in (*_STEADY, "kick") and stroke.step >= _FILL_STEP:
            continue  # the fill speaks alone
        rising = (
            0.7 + 0.3 * stroke.step / 16
            if name in ("tom", "snare") and not fill and bar.last_of_section
            else 1.0
        )
        hits.append(
            Hit(
                bus=_bus(name),
                drum=name,
                at=swung(bar.at + stroke.step / STEPS_PER_BEAT, swing=arrangement.swing),
                velocity=stroke.loudness * rising,
                pan=_PANS.get(name, 0.0),
            )
        )
    return hits
