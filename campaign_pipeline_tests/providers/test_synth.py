"""What the synth provider's music is like."""

import itertools

import numpy as np
import pytest

from campaign_pipeline.model.audio import AudioRequest, Mood
from campaign_pipeline.providers.finishing.mastering import master
from campaign_pipeline.providers.finishing.measures import Measures, measure
from campaign_pipeline.providers.synth.adapter import SynthAudioModel
from campaign_pipeline.providers.synth.compose import compose
from campaign_pipeline.providers.synth.form import divide
from campaign_pipeline.providers.synth.genres import GENRES, genre_named
from campaign_pipeline.providers.synth.moods import MOODS
from campaign_pipeline.providers.synth.prompts import wishes_of
from campaign_pipeline.providers.synth.theory import Key, voice_chord
from campaign_pipeline_tests.providers.listening import chroma, distance, onsets

RATE = 22050


def _samples(**fields: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    request = AudioRequest.model_validate({"duration_sec": 20, "sample_rate": RATE, **fields})
    return SynthAudioModel().generate(request).samples


def test_another_prompt_is_another_piece() -> None:
    pieces = [
        _samples(prompt=prompt)
        for prompt in ("a walk by the river", "rain on a window", "a walk by the rivers")
    ]

    for one, other in itertools.combinations(pieces, 2):
        tones = distance(chroma(one, rate=RATE), chroma(other, rate=RATE))
        rhythm = distance(onsets(one, rate=RATE, slots=160), onsets(other, rate=RATE, slots=160))
        assert tones + rhythm > 0.15


def test_every_pair_of_moods_is_told_apart_by_its_tones_or_its_rhythm() -> None:
    heard = {mood: _samples(mood=mood, prompt="theme") for mood in MOODS}

    for one, other in itertools.combinations(heard, 2):
        tones = distance(chroma(heard[one], rate=RATE), chroma(heard[other], rate=RATE))
        rhythm = distance(
            onsets(heard[one], rate=RATE, slots=160), onsets(heard[other], rate=RATE, slots=160)
        )
        assert tones + rhythm > 0.15, (one, other)


@pytest.mark.parametrize("genre", ["electronic", "pop", "rock", "hip hop", "ambient", "orchestral"])
@pytest.mark.parametrize("mood", MOODS)
def test_every_mood_and_genre_measures_as_music_should(genre: str, mood: Mood) -> None:
    energy = (len(mood) % 5) / 4

    measures = _mastered(genre=genre, mood=mood, energy_level=energy, sample_rate=44100)

    assert measures.loudness_lufs == pytest.approx(-18, abs=0.5)
    assert measures.true_peak_dbtp <= -1.5
    assert 10 <= measures.crest_db <= 18
    assert 600 <= measures.centroid_hz <= 2000
    assert measures.above_300_hz_lu >= -3
    assert 0.3 <= measures.correlation <= 0.9
    assert measures.dc < 1e-4
    assert measures.seam <= 1


def _mastered(**fields: object) -> Measures:
    request = AudioRequest.model_validate({"duration_sec": 12, **fields})
    samples = SynthAudioModel().generate(request).samples
    master(samples, sample_rate=request.sample_rate, loop=True, ceiling_dbtp=-3)
    return measure(samples, sample_rate=request.sample_rate, loop=True)


def test_a_longer_piece_has_more_form_and_is_not_one_loop_repeated() -> None:
    request = AudioRequest(duration_sec=300, bpm=120, sample_rate=16000, channels=1)
    samples = SynthAudioModel().generate(request).samples[0]

    sections = divide(150)
    quarters = np.array_split(samples, 4)

    assert len({section.letter for section in sections}) >= 4
    for one, other in itertools.combinations(quarters, 2):
        alike = np.corrcoef(one[: len(quarters[-1])], other[: len(quarters[-1])])[0, 1]
        assert alike < 0.5


@pytest.mark.parametrize("bars", [1, 2, 3, 4, 7, 15, 16, 31, 64, 250])
def test_sections_cover_every_bar_once(bars: int) -> None:
    sections = divide(bars)

    covered = [
        bar for section in sections for bar in range(section.first_bar, section.first_bar + section.bars)
    ]
    assert covered == list(range(bars))


def test_the_form_of_half_a_minute_is_a_a_b_a() -> None:
    score = compose(AudioRequest(duration_sec=30, bpm=112))

    assert score.form == ("A", "A′", "B", "A")


def test_the_motif_returns_when_its_section_returns() -> None:
    score = compose(AudioRequest(duration_sec=32, bpm=120, prompt="motif"))
    rhythms = [
        [
            round(note.at - 16 * section, 3)
            for note in score.notes
            if note.bus == "lead" and 0 <= note.at - 16 * section < 4
        ]
        for section in (0, 3)
    ]

    assert rhythms[0] == rhythms[1]


def test_more_energy_is_more_drums() -> None:
    calm, driving = (compose(AudioRequest(energy_level=energy)) for energy in (0.0, 1.0))

    assert len(driving.hits) > 1.5 * len(calm.hits)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Electronic", "electronic"),
        ("8-bit arcade", "electronic"),
        ("tropical pop", "pop"),
        ("indie rock", "rock"),
        ("Lo-Fi", "hip-hop"),
        ("trap", "hip-hop"),
        ("ambient drone", "ambient"),
        ("orchestral", "cinematic"),
        ("cinematic trailer", "cinematic"),
        ("polka", "pop"),
    ],
)
def test_a_genre_is_found_in_free_text(text: str, name: str) -> None:
    assert genre_named(text).name == name


def test_every_instrument_and_drum_that_is_named_exists() -> None:
    from campaign_pipeline.providers.synth.patches import PATCHES  # noqa: PLC0415
    from campaign_pipeline.providers.synth.percussion import Percussion  # noqa: PLC0415

    for genre in GENRES:
        assert set(genre.leads + genre.chords + genre.basses + genre.arps) <= set(PATCHES)
        drums = {drum for groove in (*genre.grooves, *genre.fills) for drum in groove}
        kit = Percussion(genre.kit, sample_rate=RATE, seed=1)
        assert all(np.isfinite(kit.stroke(drum)).all() for drum in drums)
        for rhythm in (
            *genre.bass,
            *genre.comping,
            *(beat for groove in genre.grooves for beat in groove.values()),
        ):
            assert len(rhythm) == 16


def test_words_of_a_prompt_choose_instruments_and_colour() -> None:
    wishes = wishes_of("Sunny beach afternoon with steel drums, without drums machine")

    assert wishes.lead == "steel_pan"
    assert wishes.brightness > 1
    assert not wishes.drums


def test_words_inside_other_words_are_not_heard() -> None:
    assert wishes_of("a barbell workout") == wishes_of("")


def test_chords_are_led_with_little_motion() -> None:
    key = Key(tonic=0, scale="major")
    voicing = voice_chord(key.chord(1), after=(), centre=64)

    following = voice_chord(key.chord(6), after=voicing, centre=64)

    assert sum(min(abs(pitch - old) for old in voicing) for pitch in following) <= 4
