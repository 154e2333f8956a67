"""The sound of every instrument with a pitch.

Belongs here: spectrum and envelope of each patch, as numbers.
Does not belong here: making samples from them (voices), and which genre uses which (genres).
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


PATCHES: dict[str, Patch] = {
    "saw_lead": Patch(
        rolloff=0.9,
        dark_hz=1900,
        open_hz=4200,
        open_s=0.12,
        decay_s=0.5,
        sustain=0.55,
        release_s=0.12,
        detune_cents=11,
    ),
    "square_lead": Patch(
        rolloff=0.9, odd=True, dark_hz=2600, open_hz=4500, open_s=0.05, decay_s=0.3, sustain=0.5
    ),
    "soft_lead": Patch(
        rolloff=1.3,
        dark_hz=1700,
        open_hz=3200,
        attack_s=0.015,
        decay_s=0.6,
        sustain=0.5,
        release_s=0.15,
        vibrato=0.003,
    ),
    "glass": Patch(
        partials=((1, 1), (2, 0.35), (3, 0.2), (5, 0.22), (8, 0.1)),
        dark_hz=2600,
        open_hz=6500,
        open_s=0.15,
        decay_s=0.45,
        release_s=0.3,
    ),
    "bell": Patch(
        partials=((1, 1), (2, 0.25), (3, 0.3), (6, 0.25), (9, 0.1)),
        dark_hz=3000,
        open_hz=7000,
        open_s=0.12,
        attack_s=0.002,
        decay_s=0.7,
        release_s=0.4,
    ),
    "marimba": Patch(
        partials=((1, 1), (2, 0.12), (4, 0.5), (10, 0.12)),
        dark_hz=1500,
        open_hz=6000,
        open_s=0.04,
        attack_s=0.002,
        decay_s=0.22,
        release_s=0.15,
    ),
    "steel_pan": Patch(
        partials=((1, 1), (2, 0.55), (3, 0.3), (4, 0.18), (6, 0.06)),
        dark_hz=1800,
        open_hz=5500,
        open_s=0.09,
        attack_s=0.004,
        decay_s=0.32,
        release_s=0.2,
        vibrato=0.003,
    ),
    "vibes": Patch(
        partials=((1, 1), (2, 0.1), (4, 0.35), (10, 0.05)),
        dark_hz=2500,
        open_hz=5000,
        open_s=0.08,
        decay_s=0.6,
        release_s=0.25,
        vibrato=0.002,
    ),
    "flute": Patch(
        partials=((1, 1), (2, 0.5), (3, 0.28), (4, 0.1), (5, 0.06)),
        dark_hz=3200,
        open_hz=4200,
        attack_s=0.045,
        decay_s=0.5,
        sustain=0.8,
        release_s=0.1,
        vibrato=0.005,
    ),
    "horn": Patch(
        rolloff=0.8,
        dark_hz=1100,
        open_hz=2400,
        open_s=0.25,
        attack_s=0.04,
        decay_s=0.6,
        sustain=0.8,
        release_s=0.18,
        detune_cents=6,
    ),
    "strings_lead": Patch(
        rolloff=0.9,
        dark_hz=2400,
        open_hz=3000,
        open_s=0.2,
        attack_s=0.06,
        decay_s=0.8,
        sustain=0.85,
        release_s=0.22,
        detune_cents=9,
        vibrato=0.004,
    ),
    "drive_guitar": Patch(
        rolloff=0.55,
        dark_hz=1900,
        open_hz=3400,
        open_s=0.12,
        attack_s=0.003,
        decay_s=1.2,
        sustain=0.5,
        release_s=0.08,
        detune_cents=5,
        vibrato=0.003,
    ),
    "organ": Patch(
        partials=((1, 1), (2, 0.8), (3, 0.5), (4, 0.4), (6, 0.25), (8, 0.2)),
        dark_hz=3000,
        open_hz=4500,
        open_s=0.02,
        attack_s=0.006,
        sustain=1.0,
        release_s=0.06,
        detune_cents=4,
    ),
    "piano": Patch(
        rolloff=1.15, dark_hz=1500, open_hz=4200, open_s=0.18, attack_s=0.002, decay_s=0.8, release_s=0.12
    ),
    "electric_piano": Patch(
        partials=((1, 1), (2, 0.3), (3, 0.22), (4, 0.08), (7, 0.12), (14, 0.06)),
        dark_hz=1500,
        open_hz=5000,
        open_s=0.1,
        attack_s=0.003,
        decay_s=0.9,
        sustain=0.1,
        release_s=0.15,
        detune_cents=5,
    ),
    "nylon": Patch(
        rolloff=1.25, dark_hz=1300, open_hz=5000, open_s=0.05, attack_s=0.002, decay_s=0.3, release_s=0.1
    ),
    "harp": Patch(
        rolloff=1.3, dark_hz=1400, open_hz=5000, open_s=0.08, attack_s=0.002, decay_s=0.5, release_s=0.35
    ),
    "saw_pluck": Patch(
        rolloff=0.9,
        dark_hz=900,
        open_hz=5000,
        open_s=0.06,
        attack_s=0.002,
        decay_s=0.16,
        release_s=0.1,
        detune_cents=8,
    ),
    "short_strings": Patch(
        rolloff=0.9,
        dark_hz=1900,
        open_hz=3400,
        open_s=0.06,
        attack_s=0.012,
        decay_s=0.25,
        sustain=0.3,
        release_s=0.12,
        detune_cents=9,
    ),
    "warm_pad": Patch(
        rolloff=1.05,
        dark_hz=1300,
        open_hz=1900,
        open_s=0.6,
        attack_s=0.09,
        sustain=1.0,
        release_s=0.5,
        detune_cents=12,
    ),
    "slow_pad": Patch(
        rolloff=1.05,
        dark_hz=1500,
        open_hz=900,
        open_s=0.9,
        attack_s=0.55,
        sustain=1.0,
        release_s=1.1,
        detune_cents=14,
    ),
    "saw_stab": Patch(
        rolloff=0.85,
        dark_hz=1300,
        open_hz=4000,
        open_s=0.12,
        attack_s=0.003,
        decay_s=0.35,
        sustain=0.35,
        release_s=0.12,
        detune_cents=13,
    ),
    "strings": Patch(
        rolloff=0.95,
        dark_hz=1900,
        open_hz=2400,
        open_s=0.4,
        attack_s=0.12,
        sustain=1.0,
        release_s=0.4,
        detune_cents=11,
        vibrato=0.002,
    ),
    "brass": Patch(
        rolloff=0.75,
        dark_hz=1300,
        open_hz=2600,
        open_s=0.3,
        attack_s=0.05,
        decay_s=0.7,
        sustain=0.75,
        release_s=0.2,
        detune_cents=8,
    ),
    "power_guitar": Patch(
        rolloff=0.6,
        dark_hz=1400,
        open_hz=2600,
        open_s=0.15,
        attack_s=0.003,
        decay_s=0.9,
        sustain=0.45,
        release_s=0.06,
        detune_cents=7,
    ),
    "synth_bass": Patch(
        rolloff=0.9,
        dark_hz=500,
        open_hz=1800,
        open_s=0.09,
        attack_s=0.003,
        decay_s=0.3,
        sustain=0.5,
        release_s=0.05,
    ),
    "round_bass": Patch(
        rolloff=1.25,
        dark_hz=600,
        open_hz=1500,
        open_s=0.08,
        attack_s=0.005,
        decay_s=0.6,
        sustain=0.4,
        release_s=0.06,
    ),
    "pick_bass": Patch(
        rolloff=0.95,
        dark_hz=700,
        open_hz=2300,
        open_s=0.05,
        attack_s=0.002,
        decay_s=0.5,
        sustain=0.3,
        release_s=0.05,
    ),
    "sub_bass": Patch(
        partials=((1, 1), (2, 0.45), (3, 0.3), (4, 0.18), (5, 0.12), (6, 0.08)),
        dark_hz=700,
        open_hz=1200,
        open_s=0.15,
        attack_s=0.008,
        decay_s=0.8,
        sustain=0.6,
        release_s=0.1,
    ),
    "low_strings": Patch(
        rolloff=0.95,
        dark_hz=900,
        open_hz=1500,
        open_s=0.15,
        attack_s=0.035,
        decay_s=0.5,
        sustain=0.7,
        release_s=0.2,
        detune_cents=7,
    ),
}
