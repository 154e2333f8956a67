"""The decisions that hold for a whole piece, and for all sections of one letter.

Belongs here: key, energy, instruments and rhythms, chosen from mood, genre, words and chance.
Does not belong here: notes (compose).
"""

import random
from dataclasses import dataclass, replace

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.synth.dice import Dice
from campaign_pipeline.providers.synth.form import CASTS, Section
from campaign_pipeline.providers.synth.genre import Genre, Groove
from campaign_pipeline.providers.synth.genre_words import genre_named
from campaign_pipeline.providers.synth.moods import MOODS, MoodStyle, Progression, style_in
from campaign_pipeline.providers.synth.patches import PATCHES
from campaign_pipeline.providers.synth.prompts import Wishes, wishes_of
from campaign_pipeline.providers.synth.score import PitchedBus
from campaign_pipeline.providers.synth.theory import Key

_DULLEST, _BRIGHTEST = 0.71, 1.08
"""Below it a phone's speaker leaves little of the music; beyond it music gets shrill, and a phone makes it worse."""
_CHANGES = {"A": 0.0, "B": 0.3, "C": 0.15, "D": -0.25}
"""How much busier than the A sections the others are, from calm at 0 to busy at 1."""
_PLAYERS = {"A": 0, "B": 0, "C": 1, "D": 1}
"""Which of the shuffled instruments plays a letter; each later cast moves on by one."""
_QUIET_DRUMS = 0.7
"""How loud drums are at no energy at all, beside those of a piece of middling energy."""
_MOST_BASS = 0.23
"""Of the loudness of chords, broken chords and melody together; beneath more of it a phone's speaker loses them."""
_WHIM = 0.5
"""How far chance outweighs what a mood prefers to be played on: in it, of sustained notes, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Who plays what in the sections of one letter and cast.

    Args:
        bass, comping: Rhythms over one bar.
        progression: Chord degrees, one a bar.
    """

    patches: dict[PitchedBus, str]
    bass: str
    comping: str
    progression: Progression


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """What every part of the piece agrees on.

    Args:
        energy: Of the drums: the asked one, and what mood and words make of it.
        groove: The drums of an ordinary section.
        lively_groove: The drums of a full section.
        arp, lively_arp: The rhythm of the broken chord, in ordinary and in full sections.
        drum_level: How loud all drums are, 1 being the genre's own balance.
        parts: Letter and cast of a section to who plays what.
    """

    genre: Genre
    mood: MoodStyle
    wishes: Wishes
    key: Key
    energy: float
    swing: float
    chord_size: int
    brightness: float
    groove: Groove
    lively_groove: Groove
    arp: str
    lively_arp: str
    drum_level: float
    parts: dict[tuple[str, int], Parts]

    def parts_in(self, section: Section) -> Parts:
        """Say who plays what in a section."""
        return self.parts[(section.letter, section.cast)]

    def chord(self, section: Section, bar: int) -> tuple[int, ...]:
        """Give the chord of a bar within a section: pitch classes, the root first."""
        progression = self.parts_in(section).progression
        return self.key_of(section).chord(progression[bar % len(progression)], size=self.chord_size)

    def ground(self, section: Section, bar: int) -> tuple[int, ...]:
        """Give the chord that the bass plays in a bar: the bar's own, or the home chord where the mood stays on it."""
        return self.key_of(section).chord(1) if self.mood.pedal else self.chord(section, bar)

    def key_of(self, section: Section) -> Key:
        """Give the key of a section; one that was asked for is never left."""
        return self.key if self.wishes.key.tonic is not None else self.key.moved(section.lift)


def arrange(request: AudioRequest, *, dice: Dice) -> Arrangement:
    """Decide everything that holds for the whole piece."""
    genre, wishes = genre_named(request.genre), wishes_of(f"{request.genre}. {request.prompt}")
    mood = style_in(MOODS[request.mood], scale=wishes.key.scale)
    asked = _clamped(request.energy_level + wishes.energy)
    energy = _clamped(asked + mood.drive)
    drums, arp = _level(energy), _level(asked)
    return Arrangement(
        genre=_in_mood(genre, mood),
        mood=mood,
        wishes=wishes,
        key=_key(mood, wishes, dice=dice),
        energy=energy,
        swing=min(0.4, genre.swing + mood.swing + wishes.swing),
        chord_size=4 if wishes.big_chords else max(mood.chord_size, genre.chord_size),
        brightness=_clamped(
            mood.brightness * wishes.brightness * (0.8 + 0.4 * asked),
            low=_DULLEST,
            high=_BRIGHTEST,
        ),
        groove=genre.grooves[drums],
        lively_groove=genre.grooves[min(2, drums + 1)],
        arp=genre.arp[arp],
        lively_arp=genre.arp[min(2, arp + 1)],
        drum_level=_QUIET_DRUMS + 2 * (1 - _QUIET_DRUMS) * asked,
        parts=_parts(genre, mood, wishes, pace=0.5 * asked + 0.5 * mood.liveliness, dice=dice),
    )


def _in_mood(genre: Genre, mood: MoodStyle) -> Genre:
    """Mix a genre for a mood, and lay its chords higher or lower."""
    shares = {bus: share * mood.mix.get(bus, 1.0) for bus, share in genre.shares.items()}
    shares["bass"] = min(shares["bass"], _MOST_BASS * (shares["chords"] + shares["arp"] + shares["lead"]))
    return replace(genre, shares=shares, chord_centre=genre.chord_centre + mood.chord_rise)


def _key(mood: MoodStyle, wishes: Wishes, *, dice: Dice) -> Key:
    turned = (mood.tonic + dice.number_in_any_mood("key")) % 12
    return Key(tonic=turned if wishes.key.tonic is None else wishes.key.tonic, scale=mood.scale)


def _parts(
    genre: Genre, mood: MoodStyle, wishes: Wishes, *, pace: float, dice: Dice
) -> dict[tuple[str, int], Parts]:
    """Cast every letter: other themes bring other players, and so do later cycles."""
    chance = dice.stream("arrangement")
    leads, chords, basses, arps = (
        _order(patches, asked, chance, mood=mood)
        for patches, asked in (
            (genre.leads, wishes.lead),
            (genre.chords, wishes.chords),
            (genre.basses, wishes.bass),
            (genre.arps, None),
        )
    )
    home, away = chance.sample(mood.home, k=2), chance.sample(mood.away, k=2)
    progressions = {"A": home[0], "B": away[0], "C": away[1], "D": home[1]}
    return {
        (letter, cast): Parts(
            patches={
                "lead": leads[(_PLAYERS[letter] + cast) % len(leads)],
                "chords": chords[(_PLAYERS[letter] + cast) % len(chords)],
                "bass": basses[0],
                "arp": arps[(_PLAYERS[letter] + cast) % len(arps)],
            },
            bass=_rhythm(genre.bass, pace + change, chance),
            comping=wishes.comping or _rhythm(mood.comping or genre.comping, pace + change, chance),
            progression=progressions[letter],
        )
        for cast in range(CASTS)
        for letter, change in _CHANGES.items()
    }


def _order(
    patches: tuple[str, ...], asked: str | None, chance: random.Random, *, mood: MoodStyle
) -> list[str]:
    """Line patches up as the mood likes them, more or less; one that was asked for by name comes first."""
    liking = {
        patch: abs(PATCHES[patch].sustain - mood.sustain) + chance.uniform(0, _WHIM) for patch in patches
    }
    others = sorted((patch for patch in patches if patch != asked), key=liking.__getitem__)
    return [asked, *others] if asked else others


def _rhythm(rhythms: tuple[str, ...], pace: float, chance: random.Random) -> str:
    """Choose among rhythms from calm to busy one about as busy as asked."""
    place = _clamped(pace + chance.uniform(-0.15, 0.15)) * (len(rhythms) - 1)
    return rhythms[round(place)]


def _level(energy: float) -> int:
    return 0 if energy < 0.34 else 1 if energy < 0.7 else 2  # noqa: PLR2004  the thirds of the scale, from calm to driving


def _clamped(share: float, *, low: float = 0.0, high: float = 1.0) -> float:
    return min(high, max(low, share))
