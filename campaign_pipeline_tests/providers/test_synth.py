"""What the synth provider's music is like, heard with measurements that are not its own."""

import itertools
from functools import cache

import numpy as np
import pytest

from campaign_pipeline.model.audio import AudioFormat, AudioRequest, Mood
from campaign_pipeline.providers.audio_choice import audio_model
from campaign_pipeline.providers.synth.adapter import SynthAudioModel
from campaign_pipeline.providers.synth.compose import compose
from campaign_pipeline.providers.synth.ducking import dip
from campaign_pipeline.providers.synth.genre import Genre
from campaign_pipeline.providers.synth.genres import GENRES
from campaign_pipeline.providers.synth.moods import MOODS
from campaign_pipeline.providers.synth.percussion import Percussion
from campaign_pipeline.skills.generate_bgm_track import generate_bgm_track
from campaign_pipeline_tests.providers.listening import (
    Samples,
    centroid_hz,
    chroma,
    colour,
    distance,
    faults_of,
    loop_of,
    onsets,
    tempo_bpm,
)

RATE = 22050


@cache
def _samples(**fields: object) -> Samples:
    request = AudioRequest.model_validate({"duration_sec": 20, "sample_rate": RATE, **fields})
    return SynthAudioModel().generate(request).samples


def _onsets(samples: Samples) -> Samples:
    return onsets(samples, rate=RATE, slots=160)


def test_there_are_eight_moods_and_at_least_six_genres() -> None:
    assert len(MOODS) == 8
    assert len({genre.name for genre in GENRES}) >= 6


def test_another_prompt_is_another_piece() -> None:
    pieces = [
        _samples(prompt=prompt)
        for prompt in ("a walk by the river", "rain on a window", "a walk by the rivers")
    ]

    for one, other in itertools.combinations(pieces, 2):
        tones = distance(chroma(one, rate=RATE), chroma(other, rate=RATE))
        assert tones + distance(_onsets(one), _onsets(other)) > 0.15


def test_every_pair_of_genres_is_told_apart_by_its_sound_or_its_rhythm() -> None:
    heard = [_samples(genre=genre.name, prompt="theme") for genre in GENRES]

    for one, other in itertools.combinations(heard, 2):
        sound = distance(colour(one, rate=RATE), colour(other, rate=RATE))
        assert sound + distance(_onsets(one), _onsets(other)) > 0.1


@pytest.mark.parametrize("genre", ["electronic", "ambient", "rock"])
def test_more_energy_is_more_sound_and_a_brighter_one(genre: str) -> None:
    calm, driving = (_samples(genre=genre, prompt="theme", energy_level=energy) for energy in (0.0, 1.0))

    assert centroid_hz(driving, rate=RATE) > 1.03 * centroid_hz(calm, rate=RATE)
    assert distance(_onsets(calm), _onsets(driving)) > 0.05


@pytest.mark.parametrize("mood", ["happy", "sad"])
@pytest.mark.parametrize("bpm", [96.0, 144.0])
def test_the_asked_tempo_is_heard_in_any_mood(bpm: float, mood: Mood) -> None:
    samples = _samples(bpm=bpm, mood=mood, genre="rock", prompt="theme")

    assert tempo_bpm(samples, rate=RATE, lowest=bpm / 1.4, highest=bpm * 1.4) == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize(
    ("words", "scale"),
    [
        ("a march in D minor, no drums", {2, 4, 5, 7, 9, 10, 0}),
        ("something in F♯ major, no drums", {6, 8, 10, 11, 1, 3, 5}),
    ],
)
def test_a_key_that_is_named_is_heard(words: str, scale: set[int]) -> None:
    for mood in ("happy", "tense"):
        shares = chroma(_samples(prompt=words, mood=mood), rate=RATE)

        assert sum(shares[list(scale)]) > 0.9


def test_a_key_that_is_named_is_not_left_in_a_long_piece() -> None:
    samples = _samples(prompt="in D minor", duration_sec=300, genre="ambient", sample_rate=16000)

    for part in np.array_split(samples, 6, axis=1):
        assert sum(chroma(part, rate=16000)[[2, 4, 5, 7, 9, 10, 0]]) > 0.9


def test_words_change_the_sound() -> None:
    dark, plain, bright = (
        np.mean([centroid_hz(_samples(prompt=words, genre="pop", seed=seed), rate=RATE) for seed in range(6)])
        for words in ("dark morning", "morning", "bright morning")
    )

    assert dark < 0.97 * plain
    assert plain < 0.99 * bright


def test_the_kick_pushes_the_rest_down_without_a_click() -> None:
    request = AudioRequest(genre="electronic", mood="sad", duration_sec=30)
    samples, score = SynthAudioModel().generate(request).samples, compose(request)
    steps = np.abs(np.diff(samples, axis=1, prepend=samples[:, -1:])).max(axis=0)

    kicks = [round(hit.at * score.tempo.beat_s * 44100) for hit in score.hits if hit.bus == "kick"]

    assert kicks
    assert max(steps[kicks]) < np.quantile(steps, 0.999)


@pytest.mark.parametrize("bpm", [60, 75, 110, 200])
@pytest.mark.parametrize("genre", GENRES, ids=lambda genre: genre.name)
def test_what_a_kick_pushes_down_comes_back_smoothly(genre: Genre, bpm: float) -> None:
    kick_frames = len(Percussion(genre.kit, sample_rate=44100, seed=1).stroke("kick"))

    gain = dip(
        np.arange(kick_frames),
        depth=genre.duck,
        kick_frames=kick_frames,
        frames_per_beat=44100 * 60 / bpm,
        sample_rate=44100,
    )

    assert gain.min() == pytest.approx(1 - genre.duck, abs=0.03)
    assert np.abs(np.diff(gain, prepend=1.0, append=1.0)).max() <= 0.005 * genre.duck


def test_asking_for_another_file_is_asking_for_the_same_piece() -> None:
    base = AudioRequest(duration_sec=10, sample_rate=RATE)
    model = SynthAudioModel()

    as_wav = base.model_copy(update={"format": "wav", "bitrate_kbps": 128})

    assert np.array_equal(model.generate(base).samples, model.generate(as_wav).samples)


@pytest.mark.parametrize(
    ("genre", "mood", "energy", "bpm", "file"),
    [
        ("electronic", "tense", 1.0, 200.0, "mp3"),
        ("pop", "playful", 0.5, 110.0, "mp3"),
        ("rock", "dramatic", 0.0, 60.0, "mp3"),
        ("hip hop", "relaxed", 0.25, 90.0, "wav"),
        ("ambient", "sad", 0.0, 60.0, "wav"),
        ("orchestral", "epic", 0.75, 130.0, "mp3"),
        ("jazz", "neutral", 0.0, 200.0, "mp3"),
        ("latin", "happy", 1.0, 60.0, "wav"),
        ("folk", "relaxed", 0.0, 60.0, "mp3"),
    ],
)
def test_a_finished_loop_measures_as_music_should(
    genre: str, mood: Mood, energy: float, bpm: float, file: AudioFormat
) -> None:
    request = AudioRequest(
        genre=genre, mood=mood, energy_level=energy, bpm=bpm, format=file, duration_sec=10, seed=35
    )

    loop = loop_of(generate_bgm_track(request, model=audio_model("synth")))

    assert loop.shape == (2, 10 * 44100)
    assert faults_of(loop, rate=44100) == []
