"""Whether finished music is what was asked.

Belongs here: the limits, and the error that names every one that is passed.
Does not belong here: taking the numbers (measures).
"""

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.finishing.mastering import TARGET_LUFS
from campaign_pipeline.providers.finishing.measures import Measures

LOUDNESS_TOLERANCE_LU = 1.0
HIGHEST_TRUE_PEAK_DBTP = -1.5
HIGHEST_DC = 0.001
HIGHEST_SEAM = 1.0


def verify(measures: Measures, *, request: AudioRequest) -> None:
    """Hold the measures of the decoded file against the request.

    Raises:
        CampaignError: GENERATION_FAILED, naming each number that is wrong and what would be right.
    """
    faults = _faults(measures, request=request)
    if faults:
        raise CampaignError(ErrorCode.GENERATION_FAILED, f"audio: the finished music has {'; '.join(faults)}")


def _faults(measures: Measures, *, request: AudioRequest) -> list[str]:
    faults = []
    if measures.frames != request.frames:
        faults.append(
            f"{measures.frames} sample frames, {request.frames} are asked ({request.duration_sec:g} s)"
        )
    if measures.channels != request.channels:
        faults.append(f"{measures.channels} channels, {request.channels} are asked")
    if abs(measures.loudness_lufs - TARGET_LUFS) > LOUDNESS_TOLERANCE_LU:
        faults.append(
            f"{measures.loudness_lufs:.1f} LUFS, {TARGET_LUFS:g} ±{LOUDNESS_TOLERANCE_LU:g} is right"
        )
    if measures.true_peak_dbtp > HIGHEST_TRUE_PEAK_DBTP:
        faults.append(
            f"a true peak of {measures.true_peak_dbtp:.2f} dBTP, at most {HIGHEST_TRUE_PEAK_DBTP:g} is right"
        )
    if measures.dc > HIGHEST_DC:
        faults.append(f"DC of {measures.dc:.4f} of full scale, at most {HIGHEST_DC:g} is right")
    if measures.seam > HIGHEST_SEAM:
        faults.append(
            f"a step at the loop's seam {measures.seam:.2f} times the largest ordinary one, at most 1 is right"
        )
    return faults
