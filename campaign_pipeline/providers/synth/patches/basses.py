"""The basses of all families.

Belongs here: spectrum and envelope of each, as numbers.
Does not belong here: what the numbers mean (patch), and which genre uses which (genres).
"""

from campaign_pipeline.providers.synth.patch import Patch

BASSES: dict[str, Patch] = {
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
    "upright_bass": Patch(
        rolloff=1.35,
        dark_hz=650,
        open_hz=1900,
        open_s=0.06,
        attack_s=0.006,
        decay_s=0.45,
        sustain=0.15,
        release_s=0.07,
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
