"""What frequencies a piece is made of.

Belongs here: its mean spectrum, and what is read off that.
Does not belong here: which values are good (finishing.verification, synth.balance).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.hearing import k_power
from campaign_pipeline.providers.parallel import in_order

Samples = NDArray[np.float64]

_WINDOW = 4096
_MOST_WINDOWS = 200
_HANDFUL = 10
"""Windows transformed at a time: as many as fit into a processor's cache."""


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """The mean spectrum of a piece, over windows spread evenly over it and over its channels.

    Args:
        hz: The frequencies; shape (bins,), as the others.
        magnitude: Mean magnitude of each.
        energy: Mean square of the magnitude of each.
    """

    sample_rate: int
    hz: Samples
    magnitude: Samples
    energy: Samples

    @classmethod
    def of(cls, samples: Samples, *, sample_rate: int) -> "Spectrum":
        """Take the spectrum of samples of shape (channels, frames)."""
        shape = np.hanning(_WINDOW)

        def transformed(windows: Samples) -> Samples:
            magnitude = np.abs(np.fft.rfft(windows * shape))
            return np.stack((magnitude.sum(axis=(0, 1)), np.square(magnitude).sum(axis=(0, 1))))

        windows = windows_of(samples, most=_MOST_WINDOWS)
        handfuls = np.array_split(windows, -(-len(windows) // _HANDFUL))
        taken = sum(in_order(transformed, handfuls), np.zeros(())) / (len(windows) * len(samples))
        magnitude, energy = taken
        hz = np.fft.rfftfreq(_WINDOW, 1 / sample_rate).astype(np.float64)
        return cls(sample_rate=sample_rate, hz=hz, magnitude=magnitude, energy=energy)

    def through(self, gain: Samples) -> "Spectrum":
        """Give the spectrum of the same piece behind a filter.

        Args:
            gain: Of the filter, at each of the frequencies.
        """
        return Spectrum(
            sample_rate=self.sample_rate,
            hz=self.hz,
            magnitude=self.magnitude * gain,
            energy=self.energy * gain**2,
        )

    @property
    def centroid_hz(self) -> float:
        """The mean frequency of the magnitude spectrum; 0 for silence."""
        return _share(np.sum(self.hz * self.magnitude), self.magnitude.sum())

    def heard_above(self, lowest_hz: float) -> float:
        """Give the share of a frequency's upper side in the K-weighted energy; 0 for silence."""
        heard = self.energy * k_power(self.hz, sample_rate=self.sample_rate)
        return _share(heard[self.hz > lowest_hz].sum(), heard.sum())

    def flatness(self, *, lowest_hz: float, highest_hz: float) -> float:
        """Give the geometric over the arithmetic mean of the energy within a band: 1 for white noise."""
        energy = self.energy[(self.hz >= lowest_hz) & (self.hz <= highest_hz)]
        return _share(np.exp(np.mean(np.log(np.maximum(energy, 1e-20)))), energy.mean())


def windows_of(samples: Samples, *, most: int) -> Samples:
    """Cut windows spread evenly over a piece: shape (windows, channels, frames)."""
    count = min(most, max(1, samples.shape[1] // _WINDOW))
    starts = np.linspace(0, samples.shape[1] - _WINDOW, count).astype(np.int64)
    return np.stack([samples[:, start : start + _WINDOW] for start in starts.tolist()])


def _share(part: np.floating | float, whole: np.floating | float) -> float:
    return float(part) / float(whole) if whole > 0 else 0.0
