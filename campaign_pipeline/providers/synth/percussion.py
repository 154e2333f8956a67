"""Samples of single drum strokes.

Belongs here: every drum, and what a kit changes in it.
Does not belong here: rhythms (genres) and where strokes go (play).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
KitName = Literal["acoustic", "machine", "soft", "brushes", "orchestra"]


@dataclass(frozen=True, kw_only=True)
class Kit:
    """What one set of drums sounds like: pitch and ring of the kick, ring and tone of the snare, edge of it all."""

    kick_hz: float = 54
    kick_s: float = 0.16
    click: float = 0.35
    snare_hz: float = 190
    snare_s: float = 0.11
    edge: float = 1.0


KITS: dict[KitName, Kit] = {
    "acoustic": Kit(),
    "machine": Kit(kick_hz=48, kick_s=0.22, click=0.5, snare_hz=210, snare_s=0.13, edge=1.15),
    "soft": Kit(kick_hz=50, kick_s=0.2, click=0.08, snare_hz=170, snare_s=0.08, edge=0.7),
    "brushes": Kit(kick_hz=56, kick_s=0.13, click=0.15, snare_hz=200, snare_s=0.15, edge=0.8),
    "orchestra": Kit(kick_hz=46, kick_s=0.4, click=0.15, snare_hz=170, snare_s=0.1, edge=0.85),
}

_HIGHEST_HZ = 10500.0
_ATTACK_S = 0.0007
"""Long enough that no stroke begins with a step, short enough that none sounds soft."""


class Percussion:
    """Plays the drums of one kit at one sample rate; every stroke of a drum is the same samples.

    Args:
        brightness: Times the frequencies of all noise.
    """

    def __init__(self, kit: KitName, *, sample_rate: int, seed: int, brightness: float = 1.0) -> None:
        self._kit = KITS[kit]
        self._rate = sample_rate
        self._brightness = brightness
        self._noise = np.random.Generator(np.random.PCG64(seed))
        self._played: dict[str, Samples] = {}

    def stroke(self, drum: str) -> Samples:
        """Play one stroke at its natural level."""
        if drum not in self._played:
            self._played[drum] = self._attacked(getattr(self, f"_{drum}")())
        return self._played[drum]

    def _kick(self) -> Samples:
        kit = self._kit
        body = self._sweep(
            kit.kick_hz, above_hz=130, fall_s=0.028, ring_s=kit.kick_s, length_s=3.2 * kit.kick_s
        )
        click = self._sweep(kit.kick_hz * 7, above_hz=900, fall_s=0.006, ring_s=0.018, length_s=0.1)
        body[: len(click)] += kit.click * click
        return body

    def _snare(self) -> Samples:
        kit = self._kit
        tone = self._sweep(kit.snare_hz, above_hz=90, fall_s=0.015, ring_s=0.07, length_s=0.4)
        wires = self._rustle(700, 3200 * kit.edge, ring_s=kit.snare_s, length_s=0.4)
        return 0.55 * tone + 0.5 * wires

    def _clap(self) -> Samples:
        burst = self._rustle(700, 2600 * self._kit.edge, ring_s=0.09, length_s=0.32)
        early = self._rustle(700, 2600 * self._kit.edge, ring_s=0.008, length_s=0.03)
        for delay_s, level in ((0.0, 0.7), (0.011, 0.8)):
            start = int(delay_s * self._rate)
            burst[start : start + len(early)] += level * early
        return 0.55 * burst

    def _rim(self) -> Samples:
        return 0.5 * self._sweep(820, above_hz=500, fall_s=0.004, ring_s=0.022, length_s=0.12)

    def _hat(self) -> Samples:
        return 0.3 * self._rustle(5000, 8500, ring_s=0.026, length_s=0.12)

    def _open_hat(self) -> Samples:
        return 0.26 * self._rustle(4500, 8000, ring_s=0.1, length_s=0.4)

    def _shaker(self) -> Samples:
        return 0.2 * self._rustle(3400, 7000, ring_s=0.03, length_s=0.14)

    def _sleigh(self) -> Samples:
        return 0.22 * self._rustle(4500, 7500, ring_s=0.06, length_s=0.25)

    def _crash(self) -> Samples:
        return 0.28 * self._rustle(2200, 7000, ring_s=0.45, length_s=2.0)

    def _tom(self) -> Samples:
        skin = self._sweep(105, above_hz=70, fall_s=0.05, ring_s=0.2, length_s=0.8)
        stick = self._rustle(300, 2400 * self._kit.edge, ring_s=0.03, length_s=0.8)
        return 0.8 * skin + 0.3 * stick

    def _taiko(self) -> Samples:
        skin = self._sweep(62, above_hz=55, fall_s=0.06, ring_s=0.4, length_s=1.4)
        stick = self._rustle(200, 1500, ring_s=0.06, length_s=1.4)
        return skin + 0.4 * stick

    def _ride(self) -> Samples:
        ping = self._sweep(3100, above_hz=0, fall_s=0.01, ring_s=0.05, length_s=0.7)
        return 0.1 * ping + 0.16 * self._rustle(3200, 7500, ring_s=0.16, length_s=0.7)

    def _foot(self) -> Samples:
        return 0.24 * self._rustle(3800, 7000, ring_s=0.018, length_s=0.08)

    def _clave(self) -> Samples:
        return 0.4 * self._sweep(1450, above_hz=0, fall_s=0.01, ring_s=0.03, length_s=0.15)

    def _conga(self) -> Samples:
        return 0.55 * self._sweep(330, above_hz=60, fall_s=0.02, ring_s=0.09, length_s=0.4)

    def _sweep(self, hz: float, *, above_hz: float, fall_s: float, ring_s: float, length_s: float) -> Samples:
        """Play a sine that falls to a pitch while it dies away, as a drum skin does."""
        time = self._time(length_s)
        cycles = hz * time + above_hz * fall_s * (1 - np.exp(-time / fall_s))
        return np.sin(2 * np.pi * cycles) * self._dying(time, ring_s)

    def _rustle(self, low_hz: float, high_hz: float, *, ring_s: float, length_s: float) -> Samples:
        """Play noise of one band that dies away, of unit power at first."""
        time = self._time(length_s)
        spectrum = np.fft.rfft(self._noise.random(len(time)) * 2 - 1)
        hz = np.fft.rfftfreq(len(time), 1 / self._rate)
        high = min(high_hz * self._brightness, _HIGHEST_HZ, 0.45 * self._rate)
        low = min(low_hz * self._brightness, 0.6 * high)
        spectrum *= 1 / np.sqrt((1 + (low / np.maximum(hz, 1.0)) ** 8) * (1 + (hz / high) ** 8))
        noise = np.fft.irfft(spectrum, len(time))
        noise *= 0.5 / np.sqrt(np.mean(noise**2)) * self._dying(time, ring_s)
        return noise

    def _time(self, length_s: float) -> Samples:
        return np.arange(int(length_s * self._rate)) / self._rate

    def _dying(self, time: Samples, ring_s: float) -> Samples:
        rest = 1 - time / time[-1]
        dying: Samples = np.exp(-time / ring_s) * np.minimum(rest * 5, 1.0)
        return dying

    def _attacked(self, stroke: Samples) -> Samples:
        rise = max(2, int(_ATTACK_S * self._rate))
        stroke[:rise] *= np.linspace(0, 1, rise)
        return stroke
