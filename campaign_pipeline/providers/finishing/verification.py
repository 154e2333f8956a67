"""Whether finished music is what was asked, property by property.

Belongs here: the limits, the verdict on each, and the error that names every one that is passed.
Does not belong here: taking the numbers (measures).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.model.checks import Check
from campaign_pipeline.providers.finishing.margins import has_margins, lead, tail

if TYPE_CHECKING:  # numpy is for the step that makes sound; a fully cached build needs the version alone
    from campaign_pipeline.providers.finishing.measures import Measures

VERIFIER = "1.1.0"
"""The version of these rules; with another one, music is made and verified again."""

TARGET_LUFS = -18.0
LOUDNESS_TOLERANCE_LU = 0.5
HIGHEST_TRUE_PEAK_DBTP = -1.5
HIGHEST_DC = 0.001
HIGHEST_SEAM = 1.0

LOWEST_CENTROID_HZ, HIGHEST_CENTROID_HZ = 60.0, 9000.0
"""The tone of a bass is above, and the brightest of music, speech or birdsong is below; white noise has half of the
highest frequency that there is, 11 kHz at 44.1 kHz."""
LOWEST_CREST_DB, HIGHEST_CREST_DB = 2.5, 30.0
"""A pure tone has 3.0 dB, music 6 to 20, speech up to 22; a square wave and clipped noise have less than 1, and a few
clicks in silence more than 30."""
HIGHEST_FLATNESS = 0.9
"""White noise has 0.99, also where MP3 has taken its upper half and given it peaks again; rain and wind have 0.8,
music less than 0.4 and a tone nothing."""


def verdicts(measures: "Measures", *, request: AudioRequest) -> tuple[Check, ...]:
    """Hold the measures of the decoded file against the request and the limits, property by property."""
    return (
        _duration(measures, request=request),
        _channels(measures, request=request),
        _sample_rate(measures, request=request),
        _loudness(measures),
        _true_peak(measures),
        _dc(measures),
        _spectrum(measures),
        *([_seam(measures)] if request.loopable else []),
    )


def refuse_faults(checks: Sequence[Check]) -> None:
    """Let music pass of which every verdict is good.

    Raises:
        CampaignError: GENERATION_FAILED, naming all that was found and what would be right.
    """
    faults = [check.fault for check in checks if not check.passed]
    if faults:
        raise CampaignError(
            ErrorCode.GENERATION_FAILED, f"audio: the finished music has {', and has '.join(faults)}"
        )


def _duration(measures: "Measures", *, request: AudioRequest) -> Check:
    around, margins = measures.frames_before + measures.frames_after, _margins(request)
    return Check(
        name="duration",
        passed=(measures.frames, around) == (request.frames, margins),
        found=f"{measures.frames / request.sample_rate:.3f} s ({_counted_frames(measures.frames, around=around)})",
        right=f"{request.duration_sec:g} s ({_counted_frames(request.frames, around=margins)})",
        value=measures.frames / request.sample_rate,
    )


def _margins(request: AudioRequest) -> int:
    if not has_margins(request.format, loop=request.loopable):
        return 0
    return lead(request.sample_rate) + tail(request.sample_rate)


def _counted_frames(frames: int, *, around: int) -> str:
    return f"{frames} sample frames" + (f" and {around} around them" if around else "")


def _channels(measures: "Measures", *, request: AudioRequest) -> Check:
    return Check(
        name="channels",
        passed=measures.channels == request.channels,
        found=_counted(measures.channels),
        right=_counted(request.channels),
        value=measures.channels,
    )


def _sample_rate(measures: "Measures", *, request: AudioRequest) -> Check:
    return Check(
        name="sample_rate",
        passed=measures.sample_rate == request.sample_rate,
        found=f"{measures.sample_rate} Hz",
        right=f"{request.sample_rate} Hz",
        value=measures.sample_rate,
    )


def _counted(channels: int) -> str:
    return "1 channel" if channels == 1 else f"{channels} channels"


def _loudness(measures: "Measures") -> Check:
    return Check(
        name="loudness",
        passed=abs(measures.loudness_lufs - TARGET_LUFS) <= LOUDNESS_TOLERANCE_LU,
        found=f"{measures.loudness_lufs:.2f} LUFS",
        right=f"{TARGET_LUFS:g} ±{LOUDNESS_TOLERANCE_LU:g} LUFS",
        value=measures.loudness_lufs,
    )


def _true_peak(measures: "Measures") -> Check:
    return Check(
        name="true_peak",
        passed=measures.true_peak_dbtp <= HIGHEST_TRUE_PEAK_DBTP,
        found=f"a true peak of {measures.true_peak_dbtp:.2f} dBTP",
        right=f"at most {HIGHEST_TRUE_PEAK_DBTP:g} dBTP",
        value=measures.true_peak_dbtp,
    )


def _dc(measures: "Measures") -> Check:
    return Check(
        name="dc",
        passed=measures.dc <= HIGHEST_DC,
        found=f"DC of {measures.dc:.4f} of full scale",
        right=f"at most {HIGHEST_DC:g}",
        value=measures.dc,
    )


def _spectrum(measures: "Measures") -> Check:
    return Check(
        name="spectrum",
        passed=LOWEST_CENTROID_HZ <= measures.centroid_hz <= HIGHEST_CENTROID_HZ
        and LOWEST_CREST_DB <= measures.crest_db <= HIGHEST_CREST_DB
        and measures.flatness <= HIGHEST_FLATNESS,
        found=f"a spectral centroid of {measures.centroid_hz:.0f} Hz, a crest of {measures.crest_db:.1f} dB and a "
        f"flatness of {measures.flatness:.2f}",
        right=f"music of {LOWEST_CENTROID_HZ:g} to {HIGHEST_CENTROID_HZ:g} Hz, {LOWEST_CREST_DB:g} to "
        f"{HIGHEST_CREST_DB:g} dB, at most {HIGHEST_FLATNESS:g}",
        value=measures.centroid_hz,
    )


def _seam(measures: "Measures") -> Check:
    return Check(
        name="seam",
        passed=measures.seam <= HIGHEST_SEAM,
        found=f"a step at the loop's seam {measures.seam:.2f} times the largest ordinary one",
        right=f"at most {HIGHEST_SEAM:g}",
        value=measures.seam,
    )
