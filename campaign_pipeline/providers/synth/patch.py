"""What the sound of an instrument with a pitch is made of.

Belongs here: the numbers that describe any instrument, and the spectrum that follows from them.
Does not belong here: the instruments themselves (patches), and making samples from them (voices).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Patch:
    """One instrument.

    Args:
        rolloff: Harmonic k has amplitude k to the power of −rolloff.
        odd: Whether even harmonics are missing, as in a square wave or a clarinet.
        partials: Harmonic number to amplitude, instead of rolloff.
        dark_hz, open_hz: Cut-off of the body of a note, and of its beginning.
        open_s: Time in which the beginning darkens into the body.
        attack_s, decay_s, sustain, release_s: The envelope; decay is a time constant.
        detune_cents: Distance of two oscillators that play together; 0 is one oscillator.
        vibrato: Depth as a share of the frequency.
    """

    rolloff: float = 1.0
    odd: bool = False
    partials: tuple[tuple[int, float], ...] = ()
    dark_hz: float = 2500
    open_hz: float = 2500
    open_s: float = 0.1
    attack_s: float = 0.004
    decay_s: float = 1.0
    sustain: float = 0.0
    release_s: float = 0.08
    detune_cents: float = 0.0
    vibrato: float = 0.0

    def spectrum(self, frequency_hz: float, *, cutoff_hz: float, highest_hz: float) -> NDArray[np.float64]:
        """Give the amplitudes of the harmonics from the first up to the highest frequency, of unit power."""
        count = max(1, int(highest_hz / frequency_hz))
        number = np.arange(1, count + 1, dtype=np.float64)
        if self.partials:
            amplitude = np.zeros(count)
            for harmonic, level in self.partials:
                if harmonic <= count:
                    amplitude[harmonic - 1] = level
        else:
            amplitude = number**-self.rolloff
        if self.odd:
            amplitude[1::2] = 0
        amplitude /= np.sqrt(1 + (number * frequency_hz / cutoff_hz) ** 6)
        amplitude /= np.sqrt(np.sum(amplitude**2) / 2)
        return amplitude
