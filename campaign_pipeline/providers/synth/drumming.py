"""Drums over a section.

Belongs here: grooves bar by bar, fills at the ends of sections, the crash that opens one.
Does not belong here: the sound of a drum (percussion).
"""

import random

from campaign_pipeline.providers.synth.accompaniment import Bar
from campaign_pipeline.providers.synth.arrangement import Arrangement
from campaign_pipeline.providers.synth.genre import Groove
from campaign_pipeline.providers.synth.grid import REST, STEPS_PER_BEAT, strokes, swung
from campaign_pipeline.providers.synth.score import DrumBus, Hit

_PANS = {
    "hat": 0.35,
    "open_hat": 0.35,
    "shaker": -0.45,
    "sleigh": -0.4,
    "ride": -0.3,
    "foot": 0.35,
    "clave": -0.3,
    "rim": -0.25,
    "conga": 0.4,
    "crash": 0.3,
}
_STEADY = ("hat", "shaker", "sleigh", "ride", "foot", "clave")
_CYMBALS = ("hat", "open_hat", "shaker", "sleigh", "crash", "ride", "foot")
_FILL_STEP = 8
_THIN_DRUMS = ("hat", "shaker", "rim", "open_hat", "ride", "clave")


def drum(bar: Bar, *, arrangement: Arrangement, dice: random.Random) -> list[Hit]:
    """Play one bar of drums."""
    if not arrangement.wishes.drums:
        return []
    genre = arrangement.genre
    added = dice.choice(genre.fills) if bar.ends_section else dice.choice(genre.turns)
    groove = _groove(bar, arrangement)
    if bar.ends_section:
        groove = {name: _interrupted(name, rhythm) for name, rhythm in groove.items()} if added else groove
    hits = [hit for name, rhythm in groove.items() for hit in _strike(bar, name, rhythm, arrangement)]
    if bar.ends_section or (bar.ends_phrase and bar.intensity >= 0):
        for name, rhythm in added.items():
            hits += _strike(bar, name, rhythm, arrangement, rising=bar.ends_section)
    if bar.opens_section and bar.intensity >= 0 and genre.fills != ({},):
        loudness = 0.45 + 0.3 * arrangement.energy
        hits.append(Hit(bus="cymbals", drum="crash", at=bar.at, velocity=loudness, pan=_PANS["crash"]))
    return hits


def _groove(bar: Bar, arrangement: Arrangement) -> Groove:
    groove = dict(arrangement.lively_groove if bar.intensity > 0 else arrangement.groove)
    if arrangement.wishes.extra_drum:
        extra, rhythm = arrangement.wishes.extra_drum
        groove[extra] = rhythm
    if bar.intensity < 0:
        return {name: rhythm for name, rhythm in groove.items() if name in _THIN_DRUMS}
    return groove


def _interrupted(drum_name: str, rhythm: str) -> str:
    """Silence a drum for the second half of a bar, where a fill speaks alone; what keeps time goes on."""
    if drum_name in (*_STEADY, "kick"):
        return rhythm
    return rhythm[:_FILL_STEP] + REST * (len(rhythm) - _FILL_STEP)


def _bus(drum_name: str) -> DrumBus:
    if drum_name == "kick":
        return "kick"
    return "cymbals" if drum_name in _CYMBALS else "drums"


def _strike(bar: Bar, name: str, rhythm: str, arrangement: Arrangement, *, rising: bool = False) -> list[Hit]:
    return [
        Hit(
            bus=_bus(name),
            drum=name,
            at=swung(bar.at + stroke.step / STEPS_PER_BEAT, swing=arrangement.swing),
            velocity=stroke.loudness
            * bar.loudness
            * (0.7 + 0.3 * stroke.step / len(rhythm) if rising else 1.0),
            pan=_PANS.get(name, 0.0),
        )
        for stroke in strokes(rhythm)
    ]
