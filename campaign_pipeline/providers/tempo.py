"""Tempo and bars that fit a duration.

Belongs here: how many whole bars of four beats a piece has, and the tempo that follows from it.
Does not belong here: what is played in the bars (providers.synth).
"""

from dataclasses import dataclass

from campaign_pipeline.model.audio import AudioRequest

BEATS_PER_BAR = 4


@dataclass(frozen=True, kw_only=True)
class Tempo:
    """Whole bars of four beats, and how fast they go by."""

    bpm: float
    bars: int

    @property
    def beat_s(self) -> float:
        """The length of one beat in seconds."""
        return 60 / self.bpm


def fit_tempo(request: AudioRequest) -> Tempo:
    """Choose the tempo of a request.

    A loop takes the tempo nearest the asked one at which whole bars fill it; what need not loop keeps the asked
    tempo, and its last bar rings out in what is left.
    """
    asked_bars = request.bpm * request.duration_sec / (60 * BEATS_PER_BAR)
    if not request.loopable:
        return Tempo(bpm=request.bpm, bars=max(1, int(asked_bars)))
    bars = max(1, round(asked_bars))
    return Tempo(bpm=bars * BEATS_PER_BAR * 60 / request.duration_sec, bars=bars)
