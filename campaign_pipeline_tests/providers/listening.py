"""Measurements of finished music that share no code with what is measured: scipy, pyloudnorm, PyAV."""

import io
import itertools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import av
import numpy as np
import pyloudnorm
import scipy.signal
import soundfile
from numpy.typing import NDArray

from campaign_pipeline.skills.generate_bgm_track import BgmTrack

Samples = NDArray[np.float64]

_SHORT_S = 30


def decoded(track: BgmTrack) -> tuple[Samples, int]:
    """Decode a whole file with soundfile: shape (channels, frames), and the sample rate."""
    samples, rate = soundfile.read(io.BytesIO(track.data), dtype="float64", always_2d=True)
    return samples.T, int(rate)


def loop_of(track: BgmTrack) -> Samples:
    samples, rate = decoded(track)
    return samples[:, round(track.loop.start_sec * rate) : round(track.loop.end_sec * rate)]


def frames_by_pyav(track: BgmTrack) -> int:
    with av.open(io.BytesIO(track.data), mode="r") as container:
        counts: list[int] = [frame.samples for frame in container.decode(audio=0)]
    return sum(counts)


def loudness(samples: Samples, *, rate: int, loop: bool) -> float:
    heard = np.tile(samples, (1, 3)) if loop else samples
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(pyloudnorm.Meter(rate).integrated_loudness(heard.T))


def true_peak_dbtp(samples: Samples, *, loop: bool) -> float:
    heard = np.concatenate((samples[:, -64:], samples, samples[:, :64]), axis=1) if loop else samples
    return float(20 * np.log10(np.abs(scipy.signal.resample_poly(heard, 4, 1, axis=1)).max()))


def chroma(samples: Samples, *, rate: int) -> Samples:
    """Give the share of each pitch class in the energy between 100 Hz and 2 kHz."""
    hz, _, spectrum = scipy.signal.stft(samples.mean(axis=0), rate, nperseg=8192)
    energy = np.square(np.abs(spectrum)).sum(axis=1)
    shares = np.zeros(12)
    for frequency, power in zip(hz, energy, strict=True):
        if 100 <= frequency <= 2000:
            shares[round(69 + 12 * np.log2(frequency / 440)) % 12] += power
    shares /= shares.sum()
    return shares


def onsets(samples: Samples, *, rate: int, slots: int) -> Samples:
    """Give how much new sound begins in each of equal slots of the piece, as shares."""
    _, _, spectrum = scipy.signal.stft(samples.mean(axis=0), rate, nperseg=1024)
    flux = np.maximum(np.diff(np.log(np.abs(spectrum) + 1e-4), axis=1), 0).sum(axis=0)
    parts = np.array([part.sum() for part in np.array_split(flux, slots)])
    parts /= parts.sum()
    return parts


@dataclass(frozen=True, kw_only=True)
class Impression:
    """What is remembered of a piece, each as shares: its twelve tones, the sixteenths of its bar, its spectrum."""

    tones: Samples
    bar: Samples
    spectrum: Samples


def impression(samples: Samples, *, rate: int, bars: int) -> Impression:
    # The root, because what is half as strong is heard as more than half as loud.
    tones = np.sqrt(chroma(samples, rate=rate))
    return Impression(
        tones=tones / tones.sum(),
        bar=_strokes_of_a_bar(samples, rate=rate, bars=bars),
        spectrum=colour(samples, rate=rate),
    )


def _strokes_of_a_bar(samples: Samples, *, rate: int, bars: int) -> Samples:
    """Give how much begins on each sixteenth of a bar, all bars of the piece laid upon each other."""
    hz, _, spectrum = scipy.signal.stft(samples.mean(axis=0), rate, nperseg=1024, noverlap=768)
    heard = np.sqrt(np.abs(spectrum[(hz > 150) & (hz < 6000)]))
    flux = np.maximum(np.diff(heard, axis=1), 0).sum(axis=0)
    strongest = np.array([part.max() for part in np.array_split(flux, 16 * bars)])
    strokes = np.maximum(strongest - 1.5 * np.median(flux), 0).reshape(bars, 16).sum(axis=0)
    strokes /= strokes.sum()
    return np.asarray(strokes)


def apart(one: Impression, other: Impression) -> float:
    """Add up how far two pieces are apart in tones, bar and spectrum; being in another key counts for nothing."""
    tones = min(distance(one.tones, np.roll(other.tones, turn)) for turn in range(12))
    return tones + distance(one.bar, other.bar) + distance(one.spectrum, other.spectrum)


def contrast(some: Sequence[Impression], others: Sequence[Impression]) -> float:
    """Give how far two kinds of pieces are apart, over how far two pieces of one kind are: 1 is no difference."""
    between = np.mean([apart(one, other) for one, other in itertools.product(some, others)])
    within = [
        np.mean([apart(one, other) for one, other in itertools.combinations(kind, 2)])
        for kind in (some, others)
    ]
    return float(between / np.mean(within))


def distance(one: Samples, other: Samples) -> float:
    """Give how far apart two sets of shares are: 0 the same, 1 nothing in common."""
    return float(np.abs(one - other).sum() / 2)


def crest_db(samples: Samples) -> float:
    """Give the highest sample over the root mean square."""
    return float(20 * np.log10(np.abs(samples).max() / np.sqrt(np.mean(np.square(samples)))))


def centroid_hz(samples: Samples, *, rate: int) -> float:
    """Give the mean frequency of the magnitude spectrum of the whole piece."""
    hz, _, spectrum = scipy.signal.stft(samples, rate, nperseg=4096)
    magnitude = np.abs(spectrum).sum(axis=(0, 2))
    return float(np.sum(hz * magnitude) / magnitude.sum())


def above_300_hz_lu(samples: Samples, *, rate: int, loop: bool) -> float:
    """Give the loudness of what a phone's speaker can play, relative to that of the whole."""
    high = scipy.signal.sosfiltfilt(scipy.signal.butter(8, 300, "highpass", fs=rate, output="sos"), samples)
    return loudness(high, rate=rate, loop=loop) - loudness(samples, rate=rate, loop=loop)


def correlation(samples: Samples) -> float:
    """Give how alike left and right are."""
    return float(np.asarray(np.corrcoef(samples))[0, 1])


def seam(samples: Samples) -> float:
    """Give the step from the end to the beginning, over the 99.9th percentile of the steps within."""
    across = np.abs(samples[:, 0] - samples[:, -1])
    return float(np.max(across / np.quantile(np.abs(np.diff(samples)), 0.999, axis=1)))


def colour(samples: Samples, *, rate: int) -> Samples:
    """Give the share of each of fifteen bands from 60 Hz to 9 kHz in the spectrum."""
    hz, _, spectrum = scipy.signal.stft(samples.mean(axis=0), rate, nperseg=4096)
    energy = np.square(np.abs(spectrum)).sum(axis=1)
    edges = np.geomspace(60, 9000, 16)
    shares = np.sqrt([energy[(hz >= low) & (hz < high)].sum() for low, high in itertools.pairwise(edges)])
    shares /= shares.sum()
    return np.asarray(shares)


def tempo_bpm(samples: Samples, *, rate: int, lowest: float, highest: float) -> float:
    """Give the tempo within a range at which the beginnings of sounds repeat most."""
    hop = 128
    _, _, spectrum = scipy.signal.stft(samples.mean(axis=0), rate, nperseg=1024, noverlap=1024 - hop)
    flux = np.maximum(np.diff(np.log(np.abs(spectrum) + 1e-3), axis=1), 0).sum(axis=0)
    alike = scipy.signal.correlate(flux - flux.mean(), flux - flux.mean(), method="fft")[len(flux) - 1 :]
    lags = np.arange(math.ceil(60 * rate / (hop * highest)), int(60 * rate / (hop * lowest)) + 1)
    return float(60 * rate / (hop * lags[np.argmax(alike[lags])]))


def faults_of(piece: Samples, *, rate: int, loop: bool = True) -> list[str]:
    """Name every measure of a finished piece that is not as the product promises."""
    # The meters want copies, many times the size of a long piece; its loudness is not the seam's matter.
    short = piece.shape[1] <= _SHORT_S * rate
    around = loop and short
    stretches = (
        [piece] if short else np.array_split(piece, math.ceil(piece.shape[1] / (_SHORT_S * rate)), axis=1)
    )
    measured: dict[str, tuple[float, float, float]] = {
        "LUFS": (-18.5, loudness(piece, rate=rate, loop=around), -17.5),
        "dBTP": (-99, max(true_peak_dbtp(stretch, loop=around) for stretch in stretches), -1.5),
        "dB of crest": (10, crest_db(piece), 18),
        "Hz of centroid": (
            600,
            float(np.mean([centroid_hz(stretch, rate=rate) for stretch in stretches])),
            2000,
        ),
        "LU above 300 Hz": (-3, above_300_hz_lu(piece, rate=rate, loop=around), 3),
    }
    if loop:
        measured["ordinary steps at the seam"] = (0, seam(piece), 1)
    if len(piece) > 1:
        measured["correlation"] = (0.3, correlation(piece), 0.9)
    return [
        f"{value:.3f} {name}, {low} to {high} is right"
        for name, (low, value, high) in measured.items()
        if not low <= value <= high
    ]
