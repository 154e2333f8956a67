"""From a request to a score.

Belongs here: going through the sections bar by bar and asking each part for its notes; the touch of hands.
Does not belong here: what a part plays (melody, accompaniment, drumming, ending) and how it sounds (play).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.synth.accompaniment import Bar, break_chord, comp, walk_bass
from campaign_pipeline.providers.synth.arrangement import Arrangement, arrange
from campaign_pipeline.providers.synth.dice import Dice
from campaign_pipeline.providers.synth.drumming import drum
from campaign_pipeline.providers.synth.ending import end
from campaign_pipeline.providers.synth.form import BARS_PER_PHRASE, Section, divide
from campaign_pipeline.providers.synth.grid import swung
from campaign_pipeline.providers.synth.melody import Theme, below, draw_theme, realise, varied
from campaign_pipeline.providers.synth.score import Note, Score
from campaign_pipeline.providers.synth.theory import voice_chord
from campaign_pipeline.providers.tempo import fit_tempo

_UNEVEN = 0.1
"""By how much one stroke of a hand is softer than another."""
_RISE = {"A": 0, "B": 3, "C": 2, "D": -2}
"""Semitones by which the melody of a section lies above that of the first."""


def compose(request: AudioRequest) -> Score:
    """Write the piece that a request's parameters draw."""
    dice = Dice(request)
    arrangement = arrange(request, dice=dice)
    tempo = fit_tempo(request)
    sections = divide(tempo.bars)
    score = Score(
        tempo=tempo,
        genre=arrangement.genre,
        key=arrangement.key.name,
        style=f"{request.mood} {arrangement.genre.name}",
        form=tuple(section.name for section in sections),
        brightness=arrangement.brightness,
        drum_level=arrangement.drum_level,
        loop=request.loopable,
        noise_seed=dice.number("noise"),
    )
    places = tuple(_places(arrangement, sections))
    _write_accompaniment(score, arrangement, places, dice=dice)
    _write_melody(score, arrangement, places, dice=dice)
    if not request.loopable:
        end(score, arrangement, sections[-1], beats=request.duration_sec / tempo.beat_s)
    _touch(score, dice=dice)
    return score


@dataclass(frozen=True, kw_only=True)
class _Place:
    """One bar of the piece, and where it lies in the form."""

    section: Section
    bar_in_section: int
    bar: Bar


def _places(arrangement: Arrangement, sections: tuple[Section, ...]) -> Iterator[_Place]:
    spots = [(section, bar) for section in sections for bar in range(section.bars)]
    chords = [arrangement.chord(section, bar) for section, bar in spots]
    grounds = [arrangement.ground(section, bar) for section, bar in spots]
    for section in sections:
        for bar in range(section.bars):
            number = section.first_bar + bar
            yield _Place(
                section=section,
                bar_in_section=bar,
                bar=Bar(
                    number=number,
                    chord=chords[number],
                    ground=grounds[number],
                    next_ground=grounds[(number + 1) % len(grounds)],
                    intensity=section.intensity,
                    opens_section=bar == 0,
                    ends_section=bar == section.bars - 1 and section.bars > 1,
                    ends_phrase=bar % BARS_PER_PHRASE == BARS_PER_PHRASE - 1,
                ),
            )


def _write_accompaniment(
    score: Score, arrangement: Arrangement, places: tuple[_Place, ...], *, dice: Dice
) -> None:
    fills = dice.stream("drums")
    shape = dice.stream("arp").randrange(4)
    strum = arrangement.genre.strum_s / score.tempo.beat_s
    touch, swing = arrangement.mood.touch, arrangement.swing
    voicing: tuple[int, ...] = ()
    for place in places:
        bar, section = place.bar, place.section
        parts = arrangement.parts_in(section)
        voicing = voice_chord(bar.chord, after=voicing, centre=arrangement.genre.chord_centre)
        score.notes += comp(bar, parts=parts, voicing=voicing, swing=swing, touch=touch, strum=strum)
        if section.intensity >= 0 or place.bar_in_section >= BARS_PER_PHRASE:
            score.notes += walk_bass(bar, parts=parts, swing=swing)
        if section.varied or section.intensity != 0 or arrangement.energy > 0.45:  # noqa: PLR2004  from the middle on
            rhythm = arrangement.lively_arp if section.intensity > 0 else arrangement.arp
            score.notes += break_chord(
                bar,
                parts=parts,
                rhythm=rhythm,
                shape=shape + section.turn,
                rise=arrangement.mood.chord_rise,
                swing=swing,
            )
        score.hits += drum(bar, arrangement=arrangement, dice=fills)


def _write_melody(score: Score, arrangement: Arrangement, places: tuple[_Place, ...], *, dice: Dice) -> None:
    themes: dict[str, Theme] = {}
    near = arrangement.mood.centre
    for place in places:
        section = place.section
        if section.name not in themes:
            themes[section.name] = _theme(section, arrangement, dice=dice)
        if section.intensity < 0 and place.bar_in_section < BARS_PER_PHRASE // 2:
            continue  # a thin opening lets the chords speak first
        notes = _sing(arrangement, place, themes[section.name], near=near)
        score.notes += notes
        centre = arrangement.mood.centre + _RISE[section.letter]
        near = 0.5 * (notes[-1].pitch if notes else near) + 0.5 * centre


def _theme(section: Section, arrangement: Arrangement, *, dice: Dice) -> Theme:
    """Draw the theme of a section's letter; a varied section sings it changed."""
    theme = draw_theme(
        dice.stream(f"theme {section.letter}"), mood=arrangement.mood, energy=arrangement.energy
    )
    return varied(theme, dice.stream(f"theme {section.name}")) if section.varied else theme


def _sing(arrangement: Arrangement, place: _Place, theme: Theme, *, near: float) -> list[Note]:
    section, chord = place.section, place.bar.chord
    sung = realise(
        theme.bar(place.bar_in_section, of=section.bars),
        key=arrangement.key_of(section),
        chord=chord,
        near=near,
        mood=arrangement.mood,
    )
    swing, patch = arrangement.swing, arrangement.parts_in(section).patches["lead"]
    notes = [
        Note(
            bus="lead",
            patch=patch,
            pitch=note.pitch,
            at=swung(place.bar.at + note.at, swing=swing),
            beats=note.beats,
            velocity=(1.0 if note.accent else 0.82) * place.bar.loudness,
            pan=0.08,
        )
        for note in sung
    ]
    if not section.varied or section.intensity < 0:
        return notes
    seconds = [
        replace(note, pitch=below(note.pitch, chord=chord), velocity=0.6 * note.velocity, pan=-0.35)
        for note in notes
    ]
    return seconds + notes


def _touch(score: Score, *, dice: Dice) -> None:
    """Play no two strokes quite alike."""
    chance = dice.stream("touch")
    score.notes[:] = [
        replace(note, velocity=note.velocity * (1 - _UNEVEN * chance.random())) for note in score.notes
    ]
    score.hits[:] = [
        replace(hit, velocity=hit.velocity * (1 - _UNEVEN * chance.random())) for hit in score.hits
    ]
