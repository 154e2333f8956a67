"""The end of a piece that does not loop.

Belongs here: the last chord.
Does not belong here: the bars before it (compose), and fading out what rings on (play).
"""

from dataclasses import replace

from campaign_pipeline.providers.synth.accompaniment import Bar, comp, walk_bass
from campaign_pipeline.providers.synth.arrangement import Arrangement
from campaign_pipeline.providers.synth.form import Section
from campaign_pipeline.providers.synth.score import Hit, Note, Score
from campaign_pipeline.providers.synth.theory import voice_chord
from campaign_pipeline.providers.tempo import BEATS_PER_BAR

_HELD = "_______________"


def end(score: Score, arrangement: Arrangement, section: Section, *, beats: float) -> None:
    """Let the last bar be the end: one chord upon the tonic, held until the piece is over.

    Args:
        section: The last one.
        beats: The length of the whole piece.
    """
    last = float((score.tempo.bars - 1) * BEATS_PER_BAR)
    score.notes[:] = [note for note in score.notes if note.at < last]
    score.hits[:] = [hit for hit in score.hits if hit.at < last]
    key = arrangement.key_of(section)
    tonic = key.chord(1, size=3)
    parts = replace(arrangement.parts_in(section), comping="x" + _HELD, bass="R" + _HELD)
    bar = Bar(number=score.tempo.bars - 1, chord=tonic, ground=tonic, next_ground=tonic)
    voicing = voice_chord(tonic, after=(), centre=arrangement.genre.chord_centre)
    final = [
        *comp(bar, parts=parts, voicing=voicing, swing=0, touch=1, strum=0),
        *walk_bass(bar, parts=parts, swing=0),
        Note(
            bus="lead",
            patch=parts.patches["lead"],
            pitch=key.pitch(7),
            at=last,
            beats=0,
            velocity=1.0,
            pan=0.08,
        ),
    ]
    score.notes += [replace(note, beats=beats - last) for note in final]
    if arrangement.wishes.drums:
        score.hits.append(Hit(bus="kick", drum="kick", at=last, velocity=1.0))
        score.hits.append(Hit(bus="cymbals", drum="crash", at=last, velocity=0.7, pan=0.3))
