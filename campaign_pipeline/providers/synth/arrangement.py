"""The decisions that hold for a whole piece.

Belongs here: key, energy, instruments and rhythms, chosen from mood, genre, prompt and chance.
Does not belong here: notes (compose).
"""

from dataclasses import dataclass

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.synth.dice import Dice
from campaign_pipeline.providers.synth.genres import Genre, Groove, genre_named
from campaign_pipeline.providers.synth.moods import MOODS, MoodStyle, Progression
from campaign_pipeline.providers.synth.prompts import Wishes, wishes_of
from campaign_pipeline.providers.synth.score import PitchedBus
from campaign_pipeline.providers.synth.theory import Key

_BRIGHTEST = 1.25
"""Beyond it music gets shrill, and a phone's speaker makes it worse."""


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """What every part of the piece agrees on.

    Args:
        groove: The drums of an ordinary section.
        lively_groove: The drums of a full section.
        bass, comping, arp: Rhythms over one bar.
        progressions: Letter of a section to its chord degrees, one a bar.
    """

    genre: Genre
    mood: MoodStyle
    wishes: Wishes
    key: Key
    energy: float
    swing: float
    chord_size: int
    brightness: float
    patches: dict[PitchedBus, str]
    groove: Groove
    lively_groove: Groove
    bass: str
    comping: str
    arp: str
    progressions: dict[str, Progression]

    def chord(self, letter: str, bar: int, *, key: Key) -> tuple[int, ...]:
        """Give the chord of a bar within a section: pitch classes, the root first."""
        progression = self.progressions[letter]
        return key.chord(progression[bar % len(progression)], size=self.chord_size)


def arrange(request: AudioRequest, *, dice: Dice) -> Arrangement:
    """Decide everything that holds for the whole piece."""
    genre, mood, wishes = genre_named(request.genre), MOODS[request.mood], wishes_of(request.prompt)
    drums_energy = _clamped(request.energy_level + mood.drive + wishes.energy)
    chance = dice.stream("arrangement")
    calm_ordinary_driving = _level(drums_energy)
    arp_level = _level(_clamped(request.energy_level + wishes.energy))
    return Arrangement(
        genre=genre,
        mood=mood,
        wishes=wishes,
        key=Key(tonic=chance.choice(mood.tonics), scale=mood.scale),
        energy=drums_energy,
        swing=min(0.4, genre.swing + mood.swing + wishes.swing),
        chord_size=4 if wishes.big_chords else max(mood.chord_size, genre.chord_size),
        brightness=min(_BRIGHTEST, mood.brightness * wishes.brightness * (0.85 + 0.3 * request.energy_level)),
        patches={
            "lead": wishes.lead or chance.choice(genre.leads),
            "chords": wishes.chords or chance.choice(genre.chords),
            "bass": wishes.bass or chance.choice(genre.basses),
            "arp": chance.choice(genre.arps),
        },
        groove=genre.grooves[calm_ordinary_driving],
        lively_groove=genre.grooves[min(2, calm_ordinary_driving + 1)],
        bass=chance.choice(genre.bass),
        comping=wishes.comping or chance.choice(genre.comping),
        arp=genre.arp[arp_level],
        progressions=_progressions(mood, dice=dice),
    )


def _progressions(mood: MoodStyle, *, dice: Dice) -> dict[str, Progression]:
    chance = dice.stream("harmony")
    home = chance.sample(mood.home, k=2)
    away = chance.sample(mood.away, k=2)
    return {"A": home[0], "B": away[0], "C": away[1], "D": home[1]}


def _level(energy: float) -> int:
    return 0 if energy < 0.34 else 1 if energy < 0.7 else 2  # noqa: PLR2004  the thirds of the scale, from calm to driving


def _clamped(share: float) -> float:
    return min(1.0, max(0.0, share))
