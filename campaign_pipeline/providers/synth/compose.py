"""From a request to a score.

Belongs here: going through the sections bar by bar and asking each part for its notes; the ending.
Does not belong here: what a part plays (melody, accompaniment, drumming) and how it sounds (play).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.synth.accompaniment import Bar, break_chord, comp, walk_bass
from campaign_pipeline.providers.synth.arrangement import Arrangement, arrange
from campaign_pipeline.providers.synth.dice import Dice
from campaign_pipeline.providers.synth.drumming import drum
from campaign_pipeline.providers.synth.form import BARS_PER_PHRASE, Section, divide
from campaign_pipeline.providers.synth.grid import swung
from campaign_pipeline.providers.synth.melody import (
    Motif,
    draw_cadence,
    draw_motif,
    phrase_plan,
    realise,
    vary,
)
from campaign_pipeline.providers.synth.score import Hit, Note, Score
from campaign_pipeline.providers.synth.theory import Key, voice_chord
from campaign_pipeline.providers.tempo import BEATS_PER_BAR, fit_tempo

_ENDING = "x_______________"


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
        patches=arrangement.patches,
        brightness=arrangement.brightness,
        loop=request.loopable,
        noise_seed=dice.number("noise"),
    )
    _write_accompaniment(score, arrangement, sections, dice=dice)
    _write_melody(score, arrangement, sections, dice=dice)
    if not request.loopable:
        _end(score, arrangement, sections[-1], beats=request.duration_sec / tempo.beat_s)
    return score


@dataclass(frozen=True, kw_only=True)
class _Place:
    """One bar of the piece, and where it lies in the form."""

    section: Section
    bar_in_section: int
    bar: Bar


def _places(arrangement: Arrangement, sections: tuple[Section, ...]) -> Iterator[_Place]:
    chords = [
        arrangement.chord(section.letter, bar, key=arrangement.key.moved(section.lift))
        for section in sections
        for bar in range(section.bars)
    ]
    for section in sections:
        for bar in range(section.bars):
            number = section.first_bar + bar
            yield _Place(
                section=section,
                bar_in_section=bar,
                bar=Bar(
                    number=number,
                    chord=chords[number],
                    next_chord=chords[(number + 1) % len(chords)],
                    intensity=section.intensity,
                    last_of_section=bar == section.bars - 1 and section.bars > 1,
                ),
            )


def _write_accompaniment(
    score: Score, arrangement: Arrangement, sections: tuple[Section, ...], *, dice: Dice
) -> None:
    fills = dice.stream("drums")
    shape = dice.stream("arp").randrange(4)
    voicing: tuple[int, ...] = ()
    for place in _places(arrangement, sections):
        bar, section = place.bar, place.section
        voicing = voice_chord(bar.chord, after=voicing, centre=arrangement.genre.chord_centre)
        touch, swing = arrangement.mood.touch, arrangement.swing
        score.notes += comp(bar, rhythm=arrangement.comping, voicing=voicing, swing=swing, touch=touch)
        if section.intensity >= 0 or place.bar_in_section >= BARS_PER_PHRASE:
            score.notes += walk_bass(bar, rhythm=arrangement.bass, swing=swing)
        if section.varied or section.intensity != 0 or arrangement.energy > 0.45:  # noqa: PLR2004  from the middle on
            score.notes += break_chord(bar, rhythm=arrangement.arp, shape=shape + section.turn, swing=swing)
        opens = place.bar_in_section == 0
        score.hits += drum(bar, arrangement=arrangement, dice=fills, opens_section=opens)


def _write_melody(
    score: Score, arrangement: Arrangement, sections: tuple[Section, ...], *, dice: Dice
) -> None:
    themes: dict[str, tuple[Motif, ...]] = {}
    near = arrangement.mood.centre
    for place in _places(arrangement, sections):
        section = place.section
        if section.name not in themes:
            themes[section.name] = _theme(section, arrangement, dice=dice)
        if section.intensity < 0 and place.bar_in_section < BARS_PER_PHRASE // 2:
            continue  # a thin opening lets the chords speak first
        theme = themes[section.name]
        ends = place.bar_in_section == section.bars - 1
        motif = theme[-1] if ends else theme[place.bar_in_section % len(theme)]
        centre = arrangement.mood.centre + (3 if section.letter in "BC" else 0)
        near = 0.5 * near + 0.5 * centre
        near = _sing(score, arrangement, place, motif, near=near)


def _theme(section: Section, arrangement: Arrangement, *, dice: Dice) -> tuple[Motif, ...]:
    """Draw the phrase of a section; a varied one differs from its model by the motif's second appearance on."""
    chance = dice.stream(f"theme {section.letter}")
    motif = draw_motif(chance, mood=arrangement.mood, energy=arrangement.energy)
    phrase = phrase_plan(motif, draw_cadence(chance), chance)
    if not section.varied:
        return phrase
    change = dice.stream(f"theme {section.name}")
    return (phrase[0], vary(phrase[1], change), vary(phrase[2], change), phrase[3])


def _sing(score: Score, arrangement: Arrangement, place: _Place, motif: Motif, *, near: float) -> float:
    key: Key = arrangement.key.moved(place.section.lift)
    notes = realise(motif, key=key, chord=place.bar.chord, near=near, mood=arrangement.mood)
    for note in notes:
        score.notes.append(
            Note(
                bus="lead",
                pitch=note.pitch,
                at=swung(place.bar.at + note.at, swing=arrangement.swing),
                beats=note.beats,
                velocity=1.0 if note.accent else 0.82,
                pan=0.08,
            )
        )
    return float(notes[-1].pitch) if notes else near


def _end(score: Score, arrangement: Arrangement, section: Section, *, beats: float) -> None:
    """Let the last bar be the end: one chord upon the tonic, held until the piece is over."""
    last = float((score.tempo.bars - 1) * BEATS_PER_BAR)
    score.notes[:] = [note for note in score.notes if note.at < last]
    score.hits[:] = [hit for hit in score.hits if hit.at < last]
    key = arrangement.key.moved(section.lift)
    tonic = key.chord(1, size=3)
    bar = Bar(number=score.tempo.bars - 1, chord=tonic, next_chord=tonic, intensity=0, last_of_section=False)
    voicing = voice_chord(tonic, after=(), centre=arrangement.genre.chord_centre)
    final = [
        *comp(bar, rhythm=_ENDING, voicing=voicing, swing=0, touch=1),
        *walk_bass(bar, rhythm="R" + _ENDING[1:], swing=0),
        Note(bus="lead", pitch=key.pitch(7), at=last, beats=BEATS_PER_BAR, velocity=1.0, pan=0.08),
    ]
    score.notes += [replace(note, beats=beats - last) for note in final]
    if arrangement.wishes.drums:
        score.hits.append(Hit(bus="kick", drum="kick", at=last, velocity=1.0))
        score.hits.append(Hit(bus="cymbals", drum="crash", at=last, velocity=0.7, pan=0.3))
