"""A brief: what it takes, what it refuses and in which words."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from campaign_pipeline.errors import ErrorCode, refusal
from campaign_pipeline.model.brief import AudioProvider, Brief, TextProvider
from campaign_pipeline.model.digest import canonical_json
from campaign_pipeline.model.merge import merge_patch
from campaign_pipeline.providers.audio_choice import SHIPPED_PROVIDERS
from campaign_pipeline.providers.text_choice import TEXT_ADAPTERS
from campaign_pipeline_tests.model.samples import FULL, SMALLEST, WRONG, brief, raw_brief


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_brief_is_refused_in_words_that_name_field_finding_and_right(name: str) -> None:
    patch, expected = WRONG[name]

    with pytest.raises(ValidationError) as caught:
        Brief.model_validate(merge_patch(dict(SMALLEST), patch))
    error = refusal(caught.value, subject="demo/summer.yaml")

    assert error.code is ErrorCode.VALIDATION_ERROR
    assert expected in error.message
    assert error.message.startswith("demo/summer.yaml: ")
    assert not any(
        jargon in error.message for jargon in ("pydantic", "https://errors", "Input should", "type=")
    )
    assert error.message.isprintable()
    assert len(error.message) < 1000


def test_many_wrong_fields_are_named_five_at_a_time() -> None:
    wrong = raw_brief(colors=dict.fromkeys(("primary", "secondary", "accent", "background"), "x"), version=1)
    wrong |= {"locale": "-", "theme": ""}

    with pytest.raises(ValidationError) as caught:
        Brief.model_validate(wrong)

    assert refusal(caught.value).message.count(" found; ") == 5
    assert refusal(caught.value).message.endswith("; and 2 more")


@pytest.mark.parametrize("required", sorted(SMALLEST))
def test_every_required_key_is_asked_for(required: str) -> None:
    raw = {key: value for key, value in SMALLEST.items() if key != required}

    with pytest.raises(ValidationError) as caught:
        Brief.model_validate(raw)

    assert f"{required}: nothing found; a value is required" in refusal(caught.value).message


def test_defaults_are_those_of_the_contract() -> None:
    built = brief()

    assert (built.version, built.locale, built.difficulty.level) == ("1.0.0", "en-US", "easy")
    assert built.button.bounds.to_json() == {"x": 0.3, "y": 0.75, "width": 0.4, "height": 0.12}
    assert (built.rules.active, built.rules.require_login) == (True, False)
    assert built.analytics.events[0] == "campaign_view"
    assert len(built.analytics.events) == 6
    audio = built.audio
    assert (audio.loopable, audio.format, audio.bitrate_kbps, audio.sample_rate, audio.channels) == (
        True,
        "mp3",
        96,
        44100,
        2,
    )
    assert brief(outcome_redirect={}).to_json()["outcome_redirect"] == {"delay_ms": 3000}


def test_one_fallback_may_be_written_without_a_list() -> None:
    brief = Brief.model_validate({**FULL, "audio": {**FULL["audio"], "fallback": "stub"}})

    assert brief.audio.fallback == ["stub"]


def test_a_full_brief_survives_the_way_through_json() -> None:
    built = Brief.model_validate(dict(FULL))

    again = Brief.model_validate(built.to_json())

    assert again == built
    assert merge_patch(built.to_json(), FULL) == built.to_json()


def test_optional_keys_that_were_not_given_are_absent_and_never_null() -> None:
    written = canonical_json({**brief().to_json(), "metadata": {}})

    assert b"null" not in written


def test_null_within_metadata_stays() -> None:
    assert brief(metadata={"a": [None]}).to_json()["metadata"] == {"a": [None]}


def test_a_level_alone_and_a_mapping_of_it_are_the_same_difficulty() -> None:
    assert brief(difficulty="hard") == brief(difficulty={"level": "hard"})


def test_colours_are_kept_as_hex_and_text_without_its_margins() -> None:
    built = brief(colors={"primary": "rebeccapurple"}, copy={"title": "  Spin \n"})

    assert built.colors.primary == "#663399"
    assert built.texts.title == "Spin"


def test_only_local_files_are_named_as_files() -> None:
    built = Brief.model_validate(dict(FULL))

    assert built.file_references() == {
        "videos.intro": "clips/intro.mp4",
        "assets.background": "images/beach.png",
        "branding.logo_uri": "images/logo.png",
        "button.click_sound_uri": "sounds/click.mp3",
    }


def test_a_request_for_music_leaves_out_who_makes_it() -> None:
    built = Brief.model_validate(dict(FULL))

    request = built.audio.request().model_dump()

    assert request["seed"] == 7
    assert not {"provider", "model", "fallback"} & set(request)


def test_the_providers_of_a_brief_are_those_that_are_shipped() -> None:
    assert set(get_args(AudioProvider)) == set(SHIPPED_PROVIDERS)
    assert set(get_args(TextProvider)) == set(TEXT_ADAPTERS)


@settings(deadline=None)
@given(
    title=st.text(
        st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=60
    ),
    probability=st.floats(0, 1),
    seed=st.integers(0, 2**53 - 1),
    metadata=st.dictionaries(
        st.text(st.characters(categories=("L", "N")), max_size=10).filter(lambda key: key != "artifacts"),
        st.recursive(
            st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
            lambda part: st.lists(part, max_size=3),
            max_leaves=8,
        ),
        max_size=4,
    ),
)
def test_any_brief_that_is_right_survives_the_way_through_json(
    title: str, probability: float, seed: int, metadata: Mapping[str, Any]
) -> None:
    raw = raw_brief(copy={"title": f"a{title}"[:60]}, audio={"seed": seed})
    raw |= {"difficulty": {"level": "easy", "win_probability": probability}, "metadata": dict(metadata)}

    built = Brief.model_validate(raw)

    assert Brief.model_validate(built.to_json()) == built
