"""What the synth provider writes before it is played: form, motifs, harmony, fills."""

import itertools
import statistics

import numpy as np
import pytest

from campaign_pipeline.model.audio import AudioRequest, Mood
from campaign_pipeline.providers.synth.adapter import SynthAudioModel
from campaign_pipeline.providers.synth.compose import compose
from campaign_pipeline.providers.synth.form import Section, divide
from campaign_pipeline.providers.synth.genre import Genre
from campaign_pipeline.providers.synth.genres import GENRES
from campaign_pipeline.providers.synth.grid import STEPS_PER_BAR, strokes
from campaign_pipeline.providers.synth.moods import MOODS
from campaign_pipeline.providers.synth.patches import PATCHES
from campaign_pipeline.providers.synth.percussion import Percussion
from campaign_pipeline.providers.synth.score import Bus, Note, Score
from campaign_pipeline.providers.synth.theory import Key, voice_chord
from campaign_pipeline_tests.providers.listening import Samples, chroma, colour, distance, onsets

RATE = 22050
PRIMARY_VOICE = 0.08
"""Where the melody sits between left and right; a second voice sits elsewhere."""


def _melody(score: Score) -> list[Note]:
    return sorted(
        (note for note in score.notes if note.bus == "lead" and note.pan == PRIMARY_VOICE),
        key=lambda note: note.at,
    )


def _sounding(score: Score, bus: Bus, *, at: float) -> list[Note]:
    return [note for note in score.notes if note.bus == bus and note.at <= at + 0.1 < note.at + note.beats]


@pytest.mark.parametrize("bars", [1, 2, 3, 4, 7, 15, 16, 31, 64, 138, 250, 1000])
def test_sections_cover_every_bar_once(bars: int) -> None:
    sections = divide(bars)

    covered = [
        bar for section in sections for bar in range(section.first_bar, section.first_bar + section.bars)
    ]
    assert covered == list(range(bars))


def test_the_form_of_half_a_minute_is_a_a_b_a() -> None:
    score = compose(AudioRequest(duration_sec=30, bpm=112))

    assert score.form == ("A", "A′", "B", "A")


@pytest.mark.parametrize("bpm", [60, 97, 110, 128, 200])
def test_five_minutes_have_more_ideas_and_come_home(bpm: float) -> None:
    score = compose(AudioRequest(duration_sec=300, bpm=bpm))

    assert {name[0] for name in score.form} >= {"A", "B", "C"}
    assert score.form[-4:] == ("A", "A′", "B", "A")


def test_the_motif_returns_when_its_section_returns() -> None:
    score = compose(AudioRequest(duration_sec=32, bpm=120, prompt="motif"))
    sections = [
        [
            (round(note.at - 16 * section, 3), note.pitch % 12)
            for note in _melody(score)
            if 0 <= note.at - 16 * section < 4
        ]
        for section in (0, 3)
    ]

    assert [at for at, _ in sections[0]] == [at for at, _ in sections[1]]
    assert sections[0]


def test_a_varied_section_is_sung_by_two() -> None:
    score = compose(AudioRequest(duration_sec=32, bpm=120))

    voices = [
        sum(note.bus == "lead" and 16 * part <= note.at < 16 * (part + 1) for note in score.notes)
        for part in (0, 1)
    ]

    assert voices[1] > 1.5 * voices[0]


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("genre", ["pop", "jazz", "cinematic"])
def test_no_long_note_of_a_melody_rubs_against_its_chord(genre: str, mood: Mood) -> None:
    score = compose(AudioRequest(duration_sec=60, genre=genre, mood=mood))
    long = [note for note in _melody(score) if note.beats >= 0.9 * MOODS[mood].touch]

    for note in long:
        chord = {held.pitch % 12 for held in _sounding(score, "chords", at=note.at)}
        if note.pitch % 12 not in chord:
            assert not {(note.pitch + 1) % 12, (note.pitch - 1) % 12} & chord, (note, chord)


@pytest.mark.parametrize("mood", MOODS)
def test_a_melody_can_be_sung(mood: Mood) -> None:
    pitches = [note.pitch for note in _melody(compose(AudioRequest(duration_sec=60, mood=mood)))]
    leaps = [abs(one - other) for one, other in itertools.pairwise(pitches)]

    assert statistics.mean(leaps) < 4.5
    assert max(leaps) <= 14
    assert max(pitches) <= 87
    assert max(pitches) - min(pitches) <= 26


@pytest.mark.parametrize("genre", [genre.name for genre in GENRES if genre.fills != ({},)])
def test_a_section_ends_with_a_fill(genre: str) -> None:
    score = compose(AudioRequest(duration_sec=32, bpm=120, genre=genre, energy_level=0.5))

    for last_bar in (3, 7):
        before, last = (
            sorted((round(hit.at - 4 * bar, 2), hit.drum) for hit in score.hits if 2 <= hit.at - 4 * bar < 4)
            for bar in (last_bar - 1, last_bar)
        )
        assert before != last


def test_more_energy_is_more_to_play_in_every_genre() -> None:
    for genre in GENRES:
        calm, driving = (
            compose(AudioRequest(genre=genre.name, energy_level=energy)) for energy in (0.0, 1.0)
        )
        assert len(driving.hits) + len(driving.notes) > 1.4 * (len(calm.hits) + len(calm.notes)), genre.name


def test_another_tempo_is_the_same_piece_faster() -> None:
    slow, fast = (compose(AudioRequest(bpm=bpm, duration_sec=30)) for bpm in (96, 112))

    first = [[(note.at, note.pitch) for note in _melody(score) if note.at < 8] for score in (slow, fast)]
    assert first[0] == first[1]


def test_each_section_of_a_long_piece_is_nearer_to_its_returns_than_to_others() -> None:
    request = AudioRequest(duration_sec=300, genre="pop", mood="happy", sample_rate=RATE)
    samples = SynthAudioModel().generate(request).samples
    sections = divide(compose(request).tempo.bars)
    heard = {index: _first_phrase(samples, section, of=sections) for index, section in enumerate(sections)}

    apart: dict[bool, list[float]] = {True: [], False: []}
    for (one, mine), (other, yours) in itertools.combinations(heard.items(), 2):
        same = sections[one].letter == sections[other].letter
        apart[same].append(sum(distance(a, b) for a, b in zip(mine, yours, strict=True)))

    assert statistics.mean(apart[False]) > 1.4 * statistics.mean(apart[True])
    assert statistics.mean(apart[False]) > 0.35


def _first_phrase(samples: Samples, section: Section, *, of: tuple[Section, ...]) -> tuple[Samples, ...]:
    bars = sum(part.bars for part in of)
    start, end = (round(bar * samples.shape[1] / bars) for bar in (section.first_bar, section.first_bar + 4))
    phrase = samples[:, start:end]
    return chroma(phrase, rate=RATE), colour(phrase, rate=RATE), onsets(phrase, rate=RATE, slots=64)


def test_no_part_of_a_long_piece_is_another_repeated() -> None:
    request = AudioRequest(duration_sec=300, bpm=120, sample_rate=16000, channels=1)
    samples = SynthAudioModel().generate(request).samples[0]

    for one, other in itertools.combinations(np.array_split(samples, 4), 2):
        assert np.corrcoef(one[: len(samples) // 4], other[: len(samples) // 4])[0, 1] < 0.5


def test_a_long_piece_is_played_by_more_than_a_short_one() -> None:
    short, long = (
        {note.patch for note in compose(AudioRequest(duration_sec=length)).notes} for length in (30, 300)
    )

    assert len(long) > len(short)


@pytest.mark.parametrize("genre", GENRES, ids=lambda genre: genre.name)
def test_every_instrument_and_drum_of_a_genre_exists(genre: Genre) -> None:
    kit = Percussion(genre.kit, sample_rate=RATE, seed=1)
    grooves = (*genre.grooves, *genre.fills, *genre.turns)

    assert set(genre.leads + genre.chords + genre.basses + genre.arps) <= set(PATCHES)
    assert all(np.isfinite(kit.stroke(drum)).all() for groove in grooves for drum in groove)


@pytest.mark.parametrize("genre", GENRES, ids=lambda genre: genre.name)
def test_every_rhythm_of_a_genre_fills_a_bar_and_they_go_from_calm_to_busy(genre: Genre) -> None:
    drums = [rhythm for groove in (*genre.grooves, *genre.fills, *genre.turns) for rhythm in groove.values()]

    assert {len(rhythm) for rhythm in (*genre.bass, *genre.comping, *filter(None, genre.arp), *drums)} == {
        STEPS_PER_BAR
    }
    for rhythms in (genre.bass, genre.comping, genre.arp):
        counts = [len(list(strokes(rhythm))) for rhythm in rhythms]
        assert counts == sorted(counts)


def test_chords_are_led_with_little_motion() -> None:
    key = Key(tonic=0, scale="major")
    voicing = voice_chord(key.chord(1), after=(), centre=64)

    following = voice_chord(key.chord(6), after=voicing, centre=64)

    assert sum(min(abs(pitch - old) for old in voicing) for pitch in following) <= 4
