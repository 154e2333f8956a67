"""What finished music measures.

Belongs here: the numbers that describe a piece, and how each is taken.
Does not belong here: which numbers are good (verification).
"""

from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.finishing.channels import product
from campaign_pipeline.providers.finishing.decibels import decibels
from campaign_pipeline.providers.finishing.loudness import integrated_loudness
from campaign_pipeline.providers.finishing.peaks import true_peak
from campaign_pipeline.providers.finishing.playback import Playback
from campaign_pipeline.providers.spectrum import Spectrum, windows_of

Samples = NDArray[np.float64]

_WINDOWS_OF_STEPS = 50
_PHONE_HZ = 300.0
_MIDDLE_HZ = (300.0, 3000.0)
"""What every rate and bit rate carries."""
_ORDINARY_STEP = 0.999
_DIGITS = 6
"""After the point; more say nothing of music."""


@dataclass(frozen=True, kw_only=True)
class Measures:
    """The numbers of one piece, taken from the decoded file.

    Args:
        frames: Of the loop, or of a piece that does not loop.
        frames_before: Those of the file before it.
        frames_after: Those of the file after it.
        channels: Of the file.
        sample_rate: Of the file, in Hz.
        crest_db: Highest sample over the root mean square.
        centroid_hz: Mean frequency of the magnitude spectrum.
        flatness: Of the mean power spectrum from 300 Hz to 3 kHz: its geometric over its arithmetic mean, 1 for
            white noise.
        above_300_hz_lu: Loudness of what a phone can play, relative to the whole.
        correlation: Of left and right; 1 for mono.
        dc: The largest mean of a channel, full scale being 1.
        seam: The step from the last sample to the first, over the 99.9th percentile of the steps within; 0 for a
            piece that does not loop.
    """

    frames: int
    frames_before: int
    frames_after: int
    channels: int
    sample_rate: int
    loudness_lufs: float
    true_peak_dbtp: float
    crest_db: float
    centroid_hz: float
    flatness: float
    above_300_hz_lu: float
    correlation: float
    dc: float
    seam: float


def measure(played: Playback, *, loop: bool) -> Measures:
    """Measure what is heard of a file."""
    samples, sample_rate = played.samples, played.sample_rate
    power = float(np.mean([product(channel, channel) / len(channel) for channel in samples]))
    highest = max(float(samples.max()), -float(samples.min()))
    spectrum = Spectrum.of(samples, sample_rate=sample_rate)
    return _rounded(
        Measures(
            frames=samples.shape[1],
            frames_before=played.before,
            frames_after=played.after,
            channels=played.channels,
            sample_rate=sample_rate,
            loudness_lufs=integrated_loudness(samples, sample_rate=sample_rate, loop=loop),
            true_peak_dbtp=decibels(true_peak(samples, loop=loop)),
            crest_db=decibels(highest) - decibels(power**0.5),
            centroid_hz=spectrum.centroid_hz,
            flatness=spectrum.flatness(lowest_hz=_MIDDLE_HZ[0], highest_hz=_MIDDLE_HZ[1]),
            above_300_hz_lu=decibels(spectrum.heard_above(_PHONE_HZ) ** 0.5),
            correlation=_correlation(samples),
            dc=float(np.abs(samples.mean(axis=1)).max()),
            seam=_seam(samples) if loop else 0.0,
        )
    )


def _rounded(measures: Measures) -> Measures:
    """Round what processors of different make compute differently in the last digits of."""
    rounded = {name: round(value, _DIGITS) for name, value in asdict(measures).items()}
    return replace(measures, **rounded)


def _correlation(samples: Samples) -> float:
    if len(samples) == 1:
        return 1.0
    left, right = samples
    return _share(product(left, right), (product(left, left) * product(right, right)) ** 0.5)


def _seam(samples: Samples) -> float:
    across = np.abs(samples[:, 0] - samples[:, -1])
    within = np.stack([_high_step(channel) for channel in samples])
    return float(np.max(across / np.maximum(within, 1e-9)))


def _high_step(channel: Samples) -> float:
    """Take the percentile over windows spread over the piece: over all of a long one it would cost more than MP3."""
    windows = windows_of(channel[None, :], most=_WINDOWS_OF_STEPS)
    return float(np.quantile(np.abs(np.diff(windows)), _ORDINARY_STEP))


def _share(part: np.floating | float, whole: np.floating | float) -> float:
    return float(part) / float(whole) if whole > 0 else 0.0
