"""The finishing chain from a provider's sound to a file that was checked.

Belongs here: the order of the steps.
Does not belong here: any step itself.
"""

from dataclasses import dataclass

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.audio import GeneratedAudio
from campaign_pipeline.providers.finishing.encoding import EncodedAudio, Encoding, decode_into, encode
from campaign_pipeline.providers.finishing.mastering import master
from campaign_pipeline.providers.finishing.measures import Measures, measure
from campaign_pipeline.providers.finishing.verification import verify
from campaign_pipeline.providers.finishing.waveform import draw_waveform

_WAV_CEILING_DBTP = -1.6
_MP3_CEILING_DBTP = -3.0
"""What MP3 leaves out moves the peaks of what it keeps, by up to 1.4 dB at 96 kbit/s."""


@dataclass(frozen=True, kw_only=True)
class FinishedAudio:
    """A verified file with its numbers and its picture."""

    encoded: EncodedAudio
    measures: Measures
    waveform_png: bytes


def finish(generated: GeneratedAudio, *, request: AudioRequest) -> FinishedAudio:
    """Master, encode, decode again, measure and verify.

    Args:
        generated: Its samples are used up.

    Raises:
        CampaignError: GENERATION_FAILED, the sound is silent or does not measure what was asked.
    """
    ceiling = _MP3_CEILING_DBTP if request.format == "mp3" else _WAV_CEILING_DBTP
    samples, rate, loop = generated.samples, generated.sample_rate, generated.loop
    master(samples, sample_rate=rate, loop=loop, ceiling_dbtp=ceiling)
    encoding = Encoding(
        audio_format=request.format,
        sample_rate=rate,
        channels=len(samples),
        bitrate_kbps=request.bitrate_kbps,
        loop=loop,
    )
    encoded = encode(samples, encoding=encoding)
    heard = samples[:, : decode_into(samples, encoded)]
    measures = measure(heard, sample_rate=rate, loop=loop)
    verify(measures, request=request)
    return FinishedAudio(encoded=encoded, measures=measures, waveform_png=draw_waveform(heard))
