"""The genres, one a module.

Belongs here: the list of them.
Does not belong here: what a genre is made of (genre), and how free text finds one (genre_words).
"""

from campaign_pipeline.providers.synth.genres.ambient import AMBIENT
from campaign_pipeline.providers.synth.genres.cinematic import CINEMATIC
from campaign_pipeline.providers.synth.genres.electronic import ELECTRONIC
from campaign_pipeline.providers.synth.genres.folk import FOLK
from campaign_pipeline.providers.synth.genres.hip_hop import HIP_HOP
from campaign_pipeline.providers.synth.genres.jazz import JAZZ
from campaign_pipeline.providers.synth.genres.latin import LATIN
from campaign_pipeline.providers.synth.genres.pop import POP
from campaign_pipeline.providers.synth.genres.rock import ROCK

GENRES = (ELECTRONIC, POP, ROCK, HIP_HOP, AMBIENT, CINEMATIC, JAZZ, LATIN, FOLK)
