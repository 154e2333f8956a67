"""Whether a mood is heard, whatever key a piece is in and however its dice fell.

Belongs here: the distance that any two moods keep, and the proof that transposing alone does not keep it.
Does not belong here: every genre and more prompts (stress.test_music).
"""

import itertools
from dataclasses import replace

import pytest

from campaign_pipeline.model.audio import AudioRequest, Mood
from campaign_pipeline.providers.synth.adapter import SynthAudioModel
from campaign_pipeline.providers.synth.compose import compose
from campaign_pipeline.providers.synth.grid import STEPS_PER_BAR, strokes
from campaign_pipeline.providers.synth.moods import MOODS
from campaign_pipeline.providers.synth.theory import SCALES
from campaign_pipeline_tests.providers.listening import Impression, contrast, impression

RATE = 22050
SEEDS = 6
MOODS_CONTRAST = 1.15
"""Two pieces of two moods are at least so many times as far apart as two pieces of one mood."""


def mood_contrasts(*, genre: str, prompt: str) -> dict[tuple[Mood, Mood], float]:
    """Listen to some pieces of every mood, and give how well any two moods are told apart."""
    heard = {
        mood: [_heard(mood=mood, genre=genre, prompt=prompt, seed=seed) for seed in range(SEEDS)]
        for mood in MOODS
    }
    return {
        (one, other): contrast(heard[one], heard[other]) for one, other in itertools.combinations(MOODS, 2)
    }


def _heard(**fields: object) -> Impression:
    request = AudioRequest.model_validate({"duration_sec": 20, "sample_rate": RATE, **fields})
    made = SynthAudioModel().generate(request)
    assert made.bars is not None
    return impression(made.samples, rate=RATE, bars=made.bars)


@pytest.mark.parametrize("genre", ["pop", "ambient", "electronic"])
def test_any_two_moods_are_further_apart_than_two_pieces_of_one_mood(genre: str) -> None:
    contrasts = mood_contrasts(genre=genre, prompt="theme")

    assert len(contrasts) == 28
    assert min(contrasts.values()) > MOODS_CONTRAST, contrasts


def test_one_mood_in_eight_keys_is_not_heard_as_eight_moods(monkeypatch: pytest.MonkeyPatch) -> None:
    for mood, style in list(MOODS.items()):
        monkeypatch.setitem(MOODS, mood, replace(MOODS["happy"], tonic=style.tonic))

    contrasts = mood_contrasts(genre="pop", prompt="theme")

    assert max(contrasts.values()) < MOODS_CONTRAST, contrasts


@pytest.mark.parametrize("scale", SCALES)
def test_any_mood_can_be_had_in_any_scale(scale: str) -> None:
    for mood in MOODS:
        assert compose(AudioRequest(mood=mood, prompt=f"in D {scale}")).key == f"D {scale}"


def test_every_rhythm_of_a_mood_fills_a_bar_and_they_go_from_calm_to_busy() -> None:
    for style in MOODS.values():
        counts = [len(list(strokes(rhythm))) for rhythm in style.comping]
        assert {len(rhythm) for rhythm in style.comping} <= {STEPS_PER_BAR}
        assert counts == sorted(counts)


def test_a_tense_bass_stays_on_the_home_chord() -> None:
    score = compose(AudioRequest(mood="tense", prompt="in D phrygian", duration_sec=30, bpm=112))

    on_the_one = {note.pitch % 12 for note in score.notes if note.bus == "bass" and note.at % 4 == 0}

    assert on_the_one == {2}
