"""The skill that makes a campaign's background music.

Belongs here: what takes part in its input hash, and the way from a request to a finished, verified track.
Does not belong here: how sound is made (providers) and finished (providers.finishing), where it is stored.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from campaign_pipeline.errors import CampaignError
from campaign_pipeline.model.audio import (
    AudioFormat,
    AudioGenerationMetadata,
    AudioGenerationResult,
    AudioRequest,
    LoopPoints,
)
from campaign_pipeline.model.checks import Check
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.providers.audio import AudioModel, GeneratedAudio
from campaign_pipeline.providers.finishing.verification import VERIFIER

if TYPE_CHECKING:  # numpy is for a step that makes sound; a fully cached build must not pay for it
    from campaign_pipeline.providers.finishing.chain import FinishedAudio

SKILL_ID = "generate_bgm_track"
VERSION = "1.3.4"


@dataclass(frozen=True, kw_only=True)
class BgmTrack:
    """A finished track: the file, where its loop lies, and what it measures.

    Args:
        provenance: What AudioGenerationResult tells of the track, all but where it is.
        bpm: The tempo that the music has; a loop's may differ from the one asked. None where no pulse was found.
        bars: Whole bars of four beats; None where it is not made of them.
        measures: Numbers by name, with their units in the names.
        checks: The verdict on each property of this file; all are good.
        details: What the model tells of the piece, and what was done to it.
    """

    data: bytes
    extension: AudioFormat
    media_type: str
    provenance: AudioGenerationMetadata
    loop: LoopPoints
    bpm: float | None
    bars: int | None
    measures: dict[str, float]
    checks: tuple[Check, ...]
    details: JsonObject
    waveform_png: bytes

    def result(self, uri: str) -> AudioGenerationResult:
        """Give the data model's record of the track, once it is known where the track lies."""
        return AudioGenerationResult(uri=uri, metadata=self.provenance)


def params(request: AudioRequest, *, model: AudioModel) -> JsonObject:
    """Give everything that shapes the track; nothing of it names the campaign, so a rename buys no music."""
    return {
        **request.model_dump(mode="json"),
        "provider_id": model.provider_id,
        "model": model.model,
        "provider_version": model.version,
        "verifier": VERIFIER,
        **model.params(),
    }


def generate_bgm_track(request: AudioRequest, *, model: AudioModel) -> BgmTrack:
    """Make the music of a request, finish it, and verify the very file that is handed back.

    Raises:
        CampaignError: GENERATION_FAILED, with the numbers that are wrong; PROVIDER_ERROR from the model.
    """
    from campaign_pipeline.providers.finishing.encoding import MEDIA_TYPES  # noqa: PLC0415  numpy only where sound is

    finished = _finished(model.generate(request), request=request, remedy=model.remedy)
    return BgmTrack(
        data=finished.encoded.data,
        extension=request.format,
        media_type=MEDIA_TYPES[request.format],
        provenance=AudioGenerationMetadata(
            provider_id=model.provider_id,
            model=model.model,
            duration_sec=request.frames / request.sample_rate,
            format=request.format,
            sample_rate=request.sample_rate,
            channels=request.channels,
        ),
        loop=finished.encoded.loop,
        bpm=finished.bpm,
        bars=finished.bars,
        measures={name: float(value) for name, value in asdict(finished.measures).items()},
        checks=finished.checks,
        details=finished.details,
        waveform_png=finished.waveform_png,
    )


def _finished(generated: GeneratedAudio, *, request: AudioRequest, remedy: str | None) -> "FinishedAudio":
    """Finish what a model made; where that cannot be done, the error says how to get other music."""
    from campaign_pipeline.providers.finishing.chain import finish  # noqa: PLC0415  as above

    try:
        return finish(generated, request=request)
    except CampaignError as error:
        if remedy is None:
            raise
        raise CampaignError(error.code, f"{error.message}; {remedy}", retryable=error.retryable) from None
