"""The room that the music is heard in.

Belongs here: an impulse response of a hall, and hearing a block of sound through it.
Does not belong here: how much of what is sent into it (play).
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

_PREDELAY_S = 0.018
_LOW_HZ, _HIGH_HZ = 220.0, 4500.0
_DECAY_60_DB = 6.9
"""Natural logarithm of a thousand: the amplitude's fall over a reverberation time."""


class Room:
    """A hall with two ears; what one ear hears is independent of the other.

    Args:
        block: Frames that are heard at a time.
        time_s: Time in which sound dies away by 60 dB.
    """

    def __init__(self, *, block: int, time_s: float, sample_rate: int, seed: int) -> None:
        self._block = block
        parts = max(1, round(0.55 * time_s * sample_rate / block))
        response = _response(parts * block, time_s=time_s, sample_rate=sample_rate, seed=seed)
        self._parts = [
            np.fft.rfft(response[:, part * block : (part + 1) * block], 2 * block) for part in range(parts)
        ]

    def echoes(self, sound: Samples) -> list[Samples]:
        """Give what comes back of a block: one piece a block of delay.

        Returns:
            Arrays of shape (2, up to 2 blocks); the n-th begins n blocks after the sound.
        """
        spectrum = np.fft.rfft(sound, 2 * self._block)
        return [np.fft.irfft(spectrum * part, 2 * self._block) for part in self._parts]


def _response(frames: int, *, time_s: float, sample_rate: int, seed: int) -> Samples:
    noise = np.random.Generator(np.random.PCG64(seed)).random((2, frames)) * 2 - 1
    time = np.arange(frames) / sample_rate
    hz = np.fft.rfftfreq(frames, 1 / sample_rate)
    spectrum = np.fft.rfft(noise)
    spectrum *= 1 / np.sqrt((1 + (_LOW_HZ / np.maximum(hz, 1.0)) ** 4) * (1 + (hz / _HIGH_HZ) ** 4))
    response = np.fft.irfft(spectrum, frames)
    response *= np.exp(-_DECAY_60_DB * time / time_s) * np.minimum(time / _PREDELAY_S, 1.0) ** 2
    response *= np.minimum((1 - time / time[-1]) * 8, 1.0)
    response /= np.sqrt(np.sum(response**2, axis=1, keepdims=True))
    return response
