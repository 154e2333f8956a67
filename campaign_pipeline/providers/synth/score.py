"""The written piece.

Belongs here: notes and drum hits at their beats, and what the whole piece is called.
Does not belong here: how they come to be (compose) or sound (play).
"""

from dataclasses import dataclass, field
from typing import Literal

from campaign_pipeline.providers.synth.genre import Genre
from campaign_pipeline.providers.tempo import Tempo

PitchedBus = Literal["bass", "chords", "arp", "lead"]
DrumBus = Literal["kick", "drums", "cymbals"]
Bus = PitchedBus | DrumBus


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """One note; times in beats, velocity 0 to 1, pan −1 (left) to 1 (right)."""

    bus: PitchedBus
    patch: str
    pitch: int
    at: float
    beats: float
    velocity: float
    pan: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One stroke of a drum."""

    bus: DrumBus
    drum: str
    at: float
    velocity: float
    pan: float = 0.0


@dataclass(kw_only=True)
class Score:
    """A whole piece.

    Args:
        brightness: Times the cut-off of every patch.
        drum_level: How loud all drums are, 1 being the genre's own balance.
        noise_seed: What the noise in drums and reverb is drawn from.
    """

    tempo: Tempo
    genre: Genre
    key: str
    style: str
    form: tuple[str, ...]
    brightness: float
    drum_level: float
    loop: bool
    noise_seed: int
    notes: list[Note] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
