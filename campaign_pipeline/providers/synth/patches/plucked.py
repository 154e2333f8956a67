"""What is plucked or strummed: guitars and harp.

Belongs here: spectrum and envelope of each, as numbers.
Does not belong here: what the numbers mean (patch), and which genre uses which (genres).
"""

from campaign_pipeline.providers.synth.patch import Patch

PLUCKED: dict[str, Patch] = {
    "nylon": Patch(
        rolloff=1.25, dark_hz=1300, open_hz=5000, open_s=0.05, attack_s=0.002, decay_s=0.3, release_s=0.1
    ),
    "steel_guitar": Patch(
        rolloff=1.0,
        dark_hz=1700,
        open_hz=5500,
        open_s=0.07,
        attack_s=0.002,
        decay_s=0.55,
        release_s=0.1,
        detune_cents=4,
    ),
    "harp": Patch(
        rolloff=1.3, dark_hz=1400, open_hz=5000, open_s=0.08, attack_s=0.002, decay_s=0.5, release_s=0.35
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
}
