"""Synthesizers: leads, pads and stabs that no hand plays.

Belongs here: spectrum and envelope of each, as numbers.
Does not belong here: what the numbers mean (patch), and which genre uses which (genres).
"""

from campaign_pipeline.providers.synth.patch import Patch

SYNTHESIZERS: dict[str, Patch] = {
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
}
