"""Any sound, made as long and wide as was asked.

Belongs here: the way from what a provider gave to exactly the asked frames, rate and channels, and the refusal of what
is silent.
Does not belong here: how a loop is made (looping) and an ending (ending), loudness (mastering).
"""

from dataclasses import replace

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.audio import GeneratedAudio
from campaign_pipeline.providers.finishing.channels import folded
from campaign_pipeline.providers.finishing.ending import ended
from campaign_pipeline.providers.finishing.looping import looped
from campaign_pipeline.providers.finishing.silence import ends_quietly, refusal_of_silence, sounding
from campaign_pipeline.providers.finishing.sound import Sound


def fit(generated: GeneratedAudio, *, request: AudioRequest) -> GeneratedAudio:
    """Give sound the asked frames, rate and channels, as a loop where one is asked.

    What is all that already passes untouched, so that music made to order pays for none of this. Of anything else
    the silence around it is cut off, channels are folded, and the details tell what was done.

    Args:
        generated: Its samples are used up.

    Raises:
        CampaignError: GENERATION_FAILED, the sound is silent, or too short.
    """
    if _is_fit(generated, request=request):
        return generated
    sound = _heard(generated, channels=request.channels)
    make = looped if request.loopable else ended
    piece = make(sound, near_bpm=generated.bpm or request.bpm, request=request)
    return replace(
        generated,
        samples=piece.samples,
        sample_rate=request.sample_rate,
        bpm=piece.bpm,
        bars=piece.bars,
        loop=request.loopable,
        details={**generated.details, "source_duration_sec": round(sound.length_s, 3), **piece.details},
    )


def _is_fit(generated: GeneratedAudio, *, request: AudioRequest) -> bool:
    samples, rate = generated.samples, generated.sample_rate
    if samples.shape != (request.channels, request.frames) or rate != request.sample_rate:
        return False
    return generated.loop if request.loopable else ends_quietly(samples, sample_rate=rate)


def _heard(generated: GeneratedAudio, *, channels: int) -> Sound:
    samples = folded(generated.samples, channels=channels)
    heard = sounding(samples, sample_rate=generated.sample_rate)
    if heard.start == heard.stop:
        raise refusal_of_silence()
    sound = samples[:, heard]
    # Faded, a constant would be a thump.
    sound -= sound.mean(axis=1, keepdims=True)
    return Sound(samples=sound, sample_rate=generated.sample_rate)
