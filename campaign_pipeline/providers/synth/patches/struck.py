"""What is struck: bells, bars, pans and keys.

Belongs here: spectrum and envelope of each, as numbers.
Does not belong here: what the numbers mean (patch), and which genre uses which (genres).
"""

from campaign_pipeline.providers.synth.patch import Patch

STRUCK: dict[str, Patch] = {
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
        dark_hz=2700,
        open_hz=6000,
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
}
