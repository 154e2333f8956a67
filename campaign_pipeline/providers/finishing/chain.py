"""The finishing chain from a provider's sound to a file that was checked.

Belongs here: the order of the steps.
Does not belong here: any step itself.
"""

from dataclasses import dataclass

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.model.checks import Check
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.providers.audio import GeneratedAudio
from campaign_pipeline.providers.finishing.encoding import EncodedAudio
from campaign_pipeline.providers.finishing.fitting import fit
from campaign_pipeline.providers.finishing.measures import Measures
from campaign_pipeline.providers.finishing.takes import take
from campaign_pipeline.providers.finishing.verification import refuse_faults, verdicts
from campaign_pipeline.providers.finishing.waveform import draw_waveform


@dataclass(frozen=True, kw_only=True)
class FinishedAudio:
    """A verified file with its numbers, its verdicts and its picture.

    Args:
        bpm: None where no pulse was found.
        bars: None where it is not made of whole bars.
        details: What the model tells of the piece, and what was done to it.
    """

    encoded: EncodedAudio
    measures: Measures
    checks: tuple[Check, ...]
    bpm: float | None
    bars: int | None
    details: JsonObject
    waveform_png: bytes


def finish(generated: GeneratedAudio, *, request: AudioRequest) -> FinishedAudio:
    """Fit, master, encode, decode again, measure and verify.

    Args:
        generated: Any sound; its samples are used up.

    Raises:
        CampaignError: GENERATION_FAILED, the sound is silent or too short, or what came of it is not what was asked.
    """
    piece = fit(generated, request=request)
    taken = take(piece.samples, request=request)
    checks = verdicts(taken.measures, request=request)
    refuse_faults(checks)
    return FinishedAudio(
        encoded=taken.encoded,
        measures=taken.measures,
        checks=checks,
        bpm=piece.bpm,
        bars=piece.bars,
        details=piece.details,
        waveform_png=draw_waveform(taken.heard),
    )
