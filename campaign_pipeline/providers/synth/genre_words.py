"""How free text finds a genre.

Belongs here: the words that speak of each genre.
Does not belong here: the genres (genres), and words that change a piece within its genre (prompts).
"""

import re

from campaign_pipeline.providers.synth.genre import Genre
from campaign_pipeline.providers.synth.genres.ambient import AMBIENT
from campaign_pipeline.providers.synth.genres.cinematic import CINEMATIC
from campaign_pipeline.providers.synth.genres.electronic import ELECTRONIC
from campaign_pipeline.providers.synth.genres.folk import FOLK
from campaign_pipeline.providers.synth.genres.hip_hop import HIP_HOP
from campaign_pipeline.providers.synth.genres.jazz import JAZZ
from campaign_pipeline.providers.synth.genres.latin import LATIN
from campaign_pipeline.providers.synth.genres.pop import POP
from campaign_pipeline.providers.synth.genres.rock import ROCK
from campaign_pipeline.providers.synth.refusals import sort_out

_WORDS: tuple[tuple[Genre, str], ...] = (
    (HIP_HOP, r"hip.?hop|chill.?hop|rap|trap|lo.?fi|boom.?bap|r ?(&|n|and) ?b|soul|neo.?soul|drill"),
    (JAZZ, r"jazz\w*|swing|be.?bop|big.?band|lounge|cabaret|dixieland|blues"),
    (
        AMBIENT,
        r"ambient|chill.?out|meditat\w*|drone|new.?age|spa|sleep|calm|downtempo|relax\w*|yoga",
    ),
    (
        CINEMATIC,
        r"cinema\w*|orchest\w*|classical|film\w*|movie|trailer|soundtrack|score|symphon\w*|fantasy|baroque",
    ),
    (ROCK, r"rock\w*|metal|punk|grunge|indie|guitar|surf"),
    (
        ELECTRONIC,
        r"electr\w*|edm|house|techno|trance|dance|synth\w*|chip.?tune|8.?bit|arcade|disco|dnb|dubstep|retro\w*|neon|club",
    ),
    (
        LATIN,
        r"latin\w*|tropical|reggae\w*|salsa|bossa|samba|cumbia|mambo|calypso|caribbean|ska|afro\w*|island|beach",
    ),
    (FOLK, r"folk\w*|acoustic|country|bluegrass|celtic|americana|campfire|ukulele"),
    (POP, r"pop|funk|jingle|christmas|holiday|kids?"),
)


def genre_named(text: str) -> Genre:
    """Find the genre that free text speaks of: the first word that is known, and is not declined, decides.

    Text without a known word gives pop, which offends nobody.
    """
    wanted = sort_out(text).wanted.lower()
    found = [
        (match.start(), order, genre)
        for order, (genre, words) in enumerate(_WORDS)
        if (match := re.search(rf"\b({words})\b", wanted))
    ]
    return min(found, key=lambda hit: hit[:2])[2] if found else POP
