"""Every mood in every genre, at every length and in both formats, measured as a listener's tools measure.

Belongs here: the matrix, and the extremes of energy, tempo, width and rate.
Does not belong here: what a piece is made of (providers.test_synth_composition), other decoders (providers.test_mp3).
"""

import itertools
import multiprocessing
import random
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from campaign_pipeline.errors import CampaignError
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.audio_choice import audio_model
from campaign_pipeline.providers.synth.genres import GENRES
from campaign_pipeline.providers.synth.moods import MOODS
from campaign_pipeline.skills.generate_bgm_track import generate_bgm_track
from campaign_pipeline_tests.providers.listening import faults_of, loop_of
from campaign_pipeline_tests.providers.test_synth_moods import MOODS_CONTRAST, mood_contrasts
from campaign_pipeline_tests.stress.site import Size

STYLES = tuple(itertools.product(MOODS, (genre.name for genre in GENRES)))

Take = tuple[dict[str, Any], list[str]]


def listen(fields: dict[str, Any]) -> Take:
    """Make one piece and say what is wrong with it."""
    request = AudioRequest.model_validate(fields)
    try:
        piece = loop_of(generate_bgm_track(request, model=audio_model("synth")))
    except CampaignError as error:
        return fields, [str(error)]  # what the verifier of the step itself refuses
    if piece.shape != (request.channels, request.frames):
        return fields, [f"{piece.shape} channels and frames, {(request.channels, request.frames)} are asked"]
    return fields, faults_of(piece, rate=request.sample_rate, loop=request.loopable)


def _faulty(requests: Iterable[dict[str, Any]], *, is_full: bool) -> list[Take]:
    """Make and measure loops: the sample right here, all of them on every core, and each core a process."""
    if not is_full:
        return [take for take in map(listen, requests) if take[1]]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        return [take for take in pool.map(listen, requests) if take[1]]


@pytest.mark.parametrize("file", ["mp3", "wav"])
@pytest.mark.parametrize(("duration_sec", "in_sample"), [(10, 2), (30, 1), (60, 1), (300, 1)])
def test_every_style_of_any_length_measures_as_music_should(
    file: str, duration_sec: int, in_sample: int, size: Size, figure: Callable[[str, object], None]
) -> None:
    count = size.of(sample=in_sample, full=len(STYLES))
    styles = random.Random(f"{file} {duration_sec}").sample(STYLES, k=count)  # noqa: S311  which ones does not matter

    faulty = _faulty(
        (
            {"mood": mood, "genre": genre, "duration_sec": duration_sec, "format": file}
            for mood, genre in styles
        ),
        is_full=size.is_full,
    )

    figure("loops that were measured", count)
    assert faulty == []


@pytest.mark.parametrize(
    "extreme",
    [
        {"energy_level": 0, "bpm": 60},
        {"energy_level": 0, "bpm": 200},
        {"energy_level": 1, "bpm": 60},
        {"energy_level": 1, "bpm": 200},
        {"channels": 1, "sample_rate": 22050},
        {"channels": 2, "sample_rate": 48000, "bitrate_kbps": 192},
        {"bitrate_kbps": 32, "energy_level": 1, "bpm": 200},
        {"bitrate_kbps": 48, "sample_rate": 48000},
        {"bitrate_kbps": 40, "sample_rate": 32000},
        {"bitrate_kbps": 32, "channels": 1, "sample_rate": 16000},
        {"loopable": False},
        {"loopable": False, "bitrate_kbps": 32},
        {"loopable": False, "format": "wav", "channels": 1},
        {"prompt": "dark, deep and slow, no drums"},
        {"prompt": "bright, sparkling and fast, with steel drums"},
        {"prompt": "sleigh bells, piano and strings in E♭ minor"},
        {"prompt": "8-bit arcade with an acid bass"},
    ],
    ids=str,
)
def test_every_style_bears_every_extreme(
    extreme: dict[str, Any], size: Size, figure: Callable[[str, object], None]
) -> None:
    seeds = range(size.of(sample=1, full=3))
    styles = random.Random(str(extreme)).sample(STYLES, k=size.of(sample=1, full=len(STYLES)))  # noqa: S311  as above
    requests = [
        {"mood": mood, "genre": genre, "duration_sec": 10, "seed": seed, **extreme}
        for seed in seeds
        for mood, genre in styles
    ]

    faulty = _faulty(requests, is_full=size.is_full)

    figure("loops that were measured", len(requests))
    assert faulty == []


def test_two_moods_are_told_apart_in_every_genre(size: Size, figure: Callable[[str, object], None]) -> None:
    genres = [genre.name for genre in GENRES][:: size.of(sample=len(GENRES), full=1)]
    prompts = ["sunny morning", "", "race"][: size.of(sample=1, full=3)]

    contrasts = {
        (genre, prompt, *pair): contrast
        for genre, prompt in itertools.product(genres, prompts)
        for pair, contrast in mood_contrasts(genre=genre, prompt=prompt).items()
    }

    figure("contrast of the two nearest moods", f"{min(contrasts.values()):.2f}")
    assert {pair: contrast for pair, contrast in contrasts.items() if contrast <= MOODS_CONTRAST} == {}
