"""The instruments with a pitch, one family a module.

Belongs here: all of them by name.
Does not belong here: what an instrument is made of (patch).
"""

from campaign_pipeline.providers.synth.patch import Patch
from campaign_pipeline.providers.synth.patches.basses import BASSES
from campaign_pipeline.providers.synth.patches.orchestral import ORCHESTRAL
from campaign_pipeline.providers.synth.patches.plucked import PLUCKED
from campaign_pipeline.providers.synth.patches.struck import STRUCK
from campaign_pipeline.providers.synth.patches.synthesizers import SYNTHESIZERS

PATCHES: dict[str, Patch] = {**SYNTHESIZERS, **STRUCK, **PLUCKED, **ORCHESTRAL, **BASSES}
