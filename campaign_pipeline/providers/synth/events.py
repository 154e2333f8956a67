"""The sounds of a score: what is heard, from which frame on, how loud left and right.

Belongs here: finding the sound of every note and hit, its level in the mix, echoes of the lead.
Does not belong here: laying sounds into a piece (play), how loud a bus is (faders).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.synth.faders import Fader, audible_energy, levels
from campaign_pipeline.providers.synth.percussion import Percussion
from campaign_pipeline.providers.synth.score import Bus, Hit, Note, Score
from campaign_pipeline.providers.synth.voices import Voices
from campaign_pipeline.providers.tempo import BEATS_PER_BAR

Samples = NDArray[np.float64]

_ECHOES = ((0.75, 0.30, -0.5), (1.5, 0.16, 0.5))
"""Echoes of the lead: beats later, level, pan."""
_FULL_HITS_PER_S = 2.2
"""Drums that are struck as often as that get their whole share of the loudness, and seldom ones less: the fewer
strokes it went into, the more each would stand out."""
_DULLEST_DRUMS = 0.6
"""A snare that is duller still is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A sound at a frame: how many frames it has, how loud it is left and right, and how to get its samples."""

    bus: Bus
    at: int
    frames: int
    left: float
    right: float
    sound: Callable[[], Samples]


@dataclass(kw_only=True)
class _Use:
    """What one player of a bus adds up to over the piece: energy at level 1, the bars it plays in, its strokes."""

    energy: float = 0.0
    bars: set[int] = field(default_factory=set)
    strokes: int = 0


class Players:
    """All instruments of a score at one sample rate.

    Args:
        frames: The length of the whole piece.
    """

    def __init__(self, score: Score, *, frames: int, sample_rate: int) -> None:
        self._score, self._frames, self._rate = score, frames, sample_rate
        self._voices = Voices(sample_rate=sample_rate, brightness=score.brightness)
        self._drums = Percussion(
            score.genre.kit,
            sample_rate=sample_rate,
            seed=score.noise_seed,
            brightness=max(_DULLEST_DRUMS, score.brightness),
        )
        self._frames_per_beat = score.tempo.beat_s * sample_rate

    def events(self) -> Iterator[Event]:
        """Give every sound of the piece, mixed."""
        level = levels(self._faders(), wanted=self._score.genre.shares)
        for hit in self._score.hits:
            yield self._hit(hit, level=level[(hit.bus, "")] * hit.velocity)
        for note in self._score.notes:
            loud = level[(note.bus, note.patch)] * note.velocity
            yield self._note(note, at=note.at, level=loud, pan=note.pan)
            if note.bus == "lead":
                for later, echo, pan in _ECHOES:
                    yield self._note(note, at=note.at + later, level=loud * echo, pan=pan)

    def _faders(self) -> Iterator[Fader]:
        uses: dict[tuple[Bus, str], _Use] = defaultdict(_Use)
        self._count_hits(uses)
        self._count_notes(uses)
        bars: dict[Bus, int] = defaultdict(int)
        for (bus, _), use in uses.items():
            bars[bus] += len(use.bars)
        for (bus, player), use in uses.items():
            per_s = use.strokes * self._rate / self._frames
            presence = 1.0 if player else self._score.drum_level * min(1.0, per_s / _FULL_HITS_PER_S)
            yield Fader(bus=bus, player=player, energy=use.energy, part=presence * len(use.bars) / bars[bus])

    def _count_hits(self, uses: dict[tuple[Bus, str], _Use]) -> None:
        strokes: dict[str, float] = {}
        for hit in self._score.hits:
            if hit.drum not in strokes:
                strokes[hit.drum] = audible_energy(self._drums.stroke(hit.drum), sample_rate=self._rate)
            use = uses[(hit.bus, "")]
            use.energy += strokes[hit.drum] * hit.velocity**2 / self._frames
            use.bars.add(int(hit.at // BEATS_PER_BAR))
            use.strokes += 1

    def _count_notes(self, uses: dict[tuple[Bus, str], _Use]) -> None:
        notes: dict[tuple[str, int, int], float] = {}
        for note in self._score.notes:
            key = (note.patch, note.pitch, self._held(note))
            if key not in notes:
                notes[key] = self._voices.energy(key[0], pitch=key[1], held=key[2])
            use = uses[(note.bus, note.patch)]
            use.energy += notes[key] * note.velocity**2 / self._frames
            use.bars.add(int(note.at // BEATS_PER_BAR))

    def _note(self, note: Note, *, at: float, level: float, pan: float) -> Event:
        held = self._held(note)
        return Event(
            bus=note.bus,
            at=round(at * self._frames_per_beat),
            frames=self._voices.frames(note.patch, held=held),
            left=level * math.cos((pan + 1) * math.pi / 4),
            right=level * math.sin((pan + 1) * math.pi / 4),
            sound=lambda: self._voices.note(note.patch, pitch=note.pitch, held=held),
        )

    def _hit(self, hit: Hit, *, level: float) -> Event:
        return Event(
            bus=hit.bus,
            at=round(hit.at * self._frames_per_beat),
            frames=len(self._drums.stroke(hit.drum)),
            left=level * math.cos((hit.pan + 1) * math.pi / 4),
            right=level * math.sin((hit.pan + 1) * math.pi / 4),
            sound=lambda: self._drums.stroke(hit.drum),
        )

    def _held(self, note: Note) -> int:
        return round(note.beats * self._frames_per_beat)
