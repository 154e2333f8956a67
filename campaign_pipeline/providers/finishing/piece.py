"""A piece of exactly the asked length, and whether there is music enough for one.

Belongs here: what looping and ending have in common.
Does not belong here: laying a way through a sound (bars) and playing it (arranging).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.providers.finishing.bars import Grid, Way, way_through
from campaign_pipeline.providers.finishing.sound import Sound
from campaign_pipeline.providers.tempo import BEATS_PER_BAR

_LEAST_S, _LEAST_BARS, _LEAST_SHARE = 8.0, 4, 0.8
"""Of music: repeating less than that sounds like a fault, unless nearly as much as is asked is there."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Music of the asked frames, rate and channels.

    Args:
        bpm: None where no pulse was found.
        bars: None where it is not made of whole bars.
        details: What was done to the sound.
    """

    samples: NDArray[np.float64]
    bpm: float | None = None
    bars: int | None = None
    details: JsonObject = field(default_factory=dict)


def least_s(bpm: float, *, request: AudioRequest) -> float:
    """Say how much sound at a tempo is needed, so that it can be repeated."""
    bars_s = _LEAST_BARS * BEATS_PER_BAR * 60 / bpm
    return min(max(_LEAST_S, bars_s), _LEAST_SHARE * request.duration_sec)


def way_or_refusal(sound: Sound, *, grids: Iterable[Grid], bpm: float, request: AudioRequest) -> Way:
    """Lay a way through a sound.

    Args:
        bpm: The tempo by which bars are counted.

    Raises:
        CampaignError: GENERATION_FAILED, there is too little of it.
    """
    needed_s = least_s(bpm, request=request)
    way = way_through(sound.length_s, grids=grids) if sound.length_s >= needed_s else None
    if way is None:
        raise CampaignError(
            ErrorCode.GENERATION_FAILED,
            f"audio.duration_sec: {request.duration_sec:g} s are asked, and the provider gave {sound.length_s:.1f} s "
            f"of sound; at least {needed_s:.1f} s are needed, to be repeated in whole bars",
        )
    return way


def told(way: Way, *, speed: float) -> JsonObject:
    """Tell what was done to a sound."""
    return {
        "speed_change_percent": round(100 * (speed - 1), 2),
        "crossfade_sec": round(way.fade_s / speed, 3),
        "played_parts": len(way.parts),
    }
