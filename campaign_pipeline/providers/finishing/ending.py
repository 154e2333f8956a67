"""A piece that ends out of any sound.

Belongs here: cutting what is too long, repeating what is too short, and fading out.
Does not belong here: which bars are repeated (bars), which samples (arranging).
"""

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.finishing.arranging import arranged
from campaign_pipeline.providers.finishing.bars import covering
from campaign_pipeline.providers.finishing.onsets import onsets
from campaign_pipeline.providers.finishing.piece import Piece, told, way_or_refusal
from campaign_pipeline.providers.finishing.pulse import find_pulse
from campaign_pipeline.providers.finishing.resampling import resampled
from campaign_pipeline.providers.finishing.sound import Sound

Samples = NDArray[np.float64]

_MISSED_S = 1.0
"""A piece may end so much before its file does."""
_FADE_OUT_S = 2.0


def ended(sound: Sound, *, near_bpm: float, request: AudioRequest) -> Piece:
    """Make a piece of a sound, at its own speed, that is silent at its end.

    Raises:
        CampaignError: GENERATION_FAILED, the sound is too short.
    """
    if sound.length_s >= request.duration_sec - _MISSED_S:
        needed = sound.samples[:, : int((request.duration_sec + _MISSED_S) * sound.sample_rate)]
        samples = resampled(needed, ratio=request.sample_rate / sound.sample_rate)
        return Piece(samples=_faded_out(samples, request=request))
    pulse = find_pulse(onsets(sound.mono, sample_rate=sound.sample_rate), near_bpm=near_bpm)
    grids = covering(request.duration_sec, pulse=pulse)
    way = way_or_refusal(sound, grids=grids, bpm=pulse.bpm if pulse else near_bpm, request=request)
    samples = arranged(
        way,
        sound.samples,
        sample_rate=sound.sample_rate,
        frames_per_s=request.sample_rate,
        frames=round(way.length_s * request.sample_rate),
    )
    return Piece(
        samples=_faded_out(samples, request=request),
        bpm=pulse.bpm if pulse else None,
        details=told(way, speed=1.0),
    )


def _faded_out(samples: Samples, *, request: AudioRequest) -> Samples:
    """Cut to the asked frames, or fill up with silence, and let the last seconds of what sounds die away."""
    sounding = min(samples.shape[1], request.frames)
    missing = request.frames - sounding
    piece = np.pad(samples, ((0, 0), (0, missing))) if missing else samples[:, :sounding]
    fade = min(round(_FADE_OUT_S * request.sample_rate), sounding)
    piece[:, sounding - fade : sounding] *= np.square(np.cos(np.linspace(0, np.pi / 2, fade)))
    return piece
