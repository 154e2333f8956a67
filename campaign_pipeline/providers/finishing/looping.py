"""A loop out of any sound.

Belongs here: how much of the sound the loop is made of, and at which speed.
Does not belong here: which bars (bars), which samples (arranging).
"""

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.finishing.arranging import arranged, measured
from campaign_pipeline.providers.finishing.bars import filling
from campaign_pipeline.providers.finishing.fades import without_fade
from campaign_pipeline.providers.finishing.onsets import onsets
from campaign_pipeline.providers.finishing.piece import Piece, least_s, told, way_or_refusal
from campaign_pipeline.providers.finishing.pulse import find_pulse
from campaign_pipeline.providers.finishing.sound import Sound


def looped(sound: Sound, *, near_bpm: float, request: AudioRequest) -> Piece:
    """Make a loop of whole bars of a sound, whose end runs into its beginning.

    Raises:
        CampaignError: GENERATION_FAILED, the sound is too short.
    """
    mono, rate = sound.mono, sound.sample_rate
    duration_s = request.frames / request.sample_rate
    pulse = find_pulse(onsets(mono, sample_rate=rate), near_bpm=near_bpm)
    bpm = pulse.bpm if pulse else near_bpm
    sound = without_fade(sound, mono=mono, least_s=least_s(bpm, request=request))
    way = way_or_refusal(sound, grids=filling(duration_s, pulse=pulse), bpm=bpm, request=request)
    beats = way.grid.beats
    if beats:
        way = measured(way, mono, sample_rate=rate)
    del mono
    speed = way.length_s / duration_s
    samples = arranged(
        way,
        sound.samples,
        sample_rate=rate,
        frames_per_s=request.sample_rate / speed,
        frames=request.frames,
    )
    return Piece(
        samples=samples,
        bpm=60 * beats / duration_s if beats else None,
        bars=way.grid.bars,
        details=told(way, speed=speed),
    )
