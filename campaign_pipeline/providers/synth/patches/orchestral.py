"""The orchestra: winds, brass and strings.

Belongs here: spectrum and envelope of each, as numbers.
Does not belong here: what the numbers mean (patch), and which genre uses which (genres).
"""

from campaign_pipeline.providers.synth.patch import Patch

ORCHESTRAL: dict[str, Patch] = {
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
    "muted_horn": Patch(
        rolloff=0.85,
        dark_hz=1500,
        open_hz=3000,
        open_s=0.12,
        attack_s=0.025,
        decay_s=0.5,
        sustain=0.75,
        release_s=0.12,
        vibrato=0.004,
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
}
