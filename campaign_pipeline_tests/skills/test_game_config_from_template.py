"""The configuration of a game: where every value of it comes from."""

from typing import Any

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.games.catalogue import load_template
from campaign_pipeline.games.template import Template
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.digest import canonical_hash, content_hash
from campaign_pipeline.model.files import StoredFile
from campaign_pipeline.model.game_config import GameConfig
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.claude.adapter import ClaudeTextModel
from campaign_pipeline.providers.template import TemplateTextModel
from campaign_pipeline.providers.text import TextModel
from campaign_pipeline.skills.game_config_from_template import game_config_from_template, params
from campaign_pipeline_tests.model.samples import brief


@pytest.fixture
def wheel() -> Template:
    return load_template("spin_wheel_v1")


def stored(data: bytes, filename: str = "x.png") -> StoredFile:
    return StoredFile(
        content_hash=content_hash(data), size_bytes=len(data), media_type="image/png", filename=filename
    )


def configured(wheel: Template, **changes: Any) -> GameConfig:
    return made(brief(**changes), wheel)


def made(asked: Brief, wheel: Template, files: dict[str, StoredFile] | None = None) -> GameConfig:
    template_words = TemplateTextModel()
    return game_config_from_template(
        asked, template=wheel, files=files or {}, text_model=template_words
    ).config


def test_a_small_brief_gets_everything_else_from_the_template(wheel: Template) -> None:
    config = configured(wheel)

    spec = wheel.spec
    assert (config.template_id, config.version) == ("spin_wheel_v1", spec.version)
    assert config.settings.duration_sec == spec.duration_sec
    assert config.settings.difficulty.win_probability == spec.difficulty["easy"].win_probability
    assert config.visuals.colors == spec.themes["neon_arcade"].colors
    assert config.visuals.animations == spec.themes["neon_arcade"].animations
    assert config.mechanics == spec.mechanics.defaults
    assert config.texts == spec.texts.languages["en"]
    assert config.audio.sfx == spec.audio.sfx
    assert config.visuals.assets == {}


def test_the_configuration_is_spelled_as_the_data_model_spells_it(wheel: Template) -> None:
    written = configured(wheel).to_json()

    assert list(written) == [
        "template_id",
        "version",
        "settings",
        "visuals",
        "audio",
        "mechanics",
        "copy",
    ]
    assert set(written["audio"]["bgm"]) == {"enabled", "volume", "loop"}
    assert GameConfig.model_validate(written).to_json() == written


def test_what_the_brief_says_goes_before_the_template(wheel: Template) -> None:
    config = configured(
        wheel,
        difficulty={"level": "hard", "win_probability": 0.5, "parameters": {"extra_turns": 7}},
        duration_sec=12,
        colors={"accent": "lime"},
        mechanics={"min_turns": 9},
        outcome_mode="host_supplied",
        copy={"title": "Mine"},
        locale="de-DE",
        audio={"loopable": False},
    )

    hard = wheel.spec.difficulty["hard"]
    assert config.settings.difficulty.to_json() == {
        "level": "hard",
        "win_probability": 0.5,
        "parameters": {**hard.parameters, "extra_turns": 7},
    }
    assert config.settings.duration_sec == 12
    assert config.visuals.colors.accent == "#00ff00"
    assert config.visuals.colors.primary == wheel.spec.themes["neon_arcade"].colors.primary
    assert config.mechanics == {
        **wheel.spec.mechanics.defaults,
        "min_turns": 9,
        "outcome_mode": "host_supplied",
    }
    assert config.texts.title == "Mine"
    assert config.texts.win_message == wheel.spec.texts.languages["de"].win_message
    assert config.audio.bgm.loop is False


def test_a_list_of_segments_replaces_the_templates(wheel: Template) -> None:
    segments = [
        {"label": "Yes", "outcome": "win", "weight": 1, "color": "rebeccapurple"},
        {"label": "No", "outcome": "lose", "weight": 2},
    ]

    config = configured(wheel, mechanics={"segments": segments})

    assert config.mechanics["segments"] == [{**segments[0], "color": "#663399"}, segments[1]]


@pytest.mark.parametrize(
    ("mechanics", "expected"),
    [
        ({"spin_duration": 1}, "mechanics.spin_duration: unknown key; did you mean spin_duration_ms?"),
        ({"min_turns": "many"}, "mechanics.min_turns: 'many' found; a whole number is expected"),
        ({"min_turns": 0}, "mechanics.min_turns: 0 found; at least 1 is expected"),
        (
            {"outcome_mode": "luck"},
            "mechanics.outcome_mode: 'luck' found; client_demo or host_supplied is expected",
        ),
        ({"segments": []}, "mechanics.segments: 0 entries found; a list of at least 2 is expected"),
        (
            {"segments": [{"label": "a", "outcome": "win", "weight": 1}] * 2},
            "mechanics.segments: 2 entries found; at least one entry with outcome lose is expected",
        ),
        (
            {"segments": [{"label": "a", "outcome": "win"}, {"label": "b", "outcome": "lose", "weight": 1}]},
            "mechanics.segments[0].weight: nothing found; a value is required",
        ),
        (
            {"segments": [{"label": "a", "color": "bluish"}]},
            "mechanics.segments[0].color: 'bluish' found; a CSS colour",
        ),
        (
            {"segments": [{"label": "x" * 41, "outcome": "win", "weight": 1}]},
            "found; text of at most 40 characters is expected",
        ),
    ],
)
def test_mechanics_that_break_the_templates_schema_are_refused(
    wheel: Template, mechanics: dict[str, Any], expected: str
) -> None:
    with pytest.raises(CampaignError) as caught:
        configured(wheel, mechanics=mechanics)

    assert caught.value.code is ErrorCode.VALIDATION_ERROR
    assert expected in caught.value.message


def test_an_unknown_theme_is_refused(wheel: Template) -> None:
    with pytest.raises(CampaignError, match="did you mean neon_arcade"):
        configured(wheel, theme="neon_arcad")


def test_files_enter_as_their_content_hashes(wheel: Template) -> None:
    asked = brief(assets={"background": "beach.png"}, branding={"brand_name": "B", "logo_uri": "logo.png"})
    files = {"assets.background": stored(b"beach"), "branding.logo_uri": stored(b"logo")}

    config = made(asked, wheel, files)

    assert config.visuals.assets == {"background": content_hash(b"beach"), "logo": content_hash(b"logo")}


def test_a_logo_of_the_game_goes_before_the_brands(wheel: Template) -> None:
    asked = brief(assets={"logo": "game.png"}, branding={"brand_name": "B", "logo_uri": "brand.png"})
    files = {"assets.logo": stored(b"game"), "branding.logo_uri": stored(b"brand")}

    config = made(asked, wheel, files)

    assert config.visuals.assets == {"logo": content_hash(b"game")}


def test_a_logo_on_the_web_is_not_part_of_the_game(wheel: Template) -> None:
    config = configured(wheel, branding={"brand_name": "B", "logo_uri": "https://cdn.example/logo.png"})

    assert config.visuals.assets == {}


def test_a_file_that_was_never_stored_is_a_missing_asset(wheel: Template) -> None:
    with pytest.raises(CampaignError, match=r"MISSING_ASSET: assets\.background: beach\.png"):
        configured(wheel, assets={"background": "beach.png"})


def hashed(
    asked: Brief,
    wheel: Template,
    files: dict[str, StoredFile] | None = None,
    *,
    text_model: TextModel | None = None,
) -> str:
    asked_of = text_model or TemplateTextModel()
    return canonical_hash(params(asked, template=wheel, files=files or {}, text_model=asked_of))


@pytest.mark.parametrize(
    "changes",
    [
        {"audio": {"prompt": "another", "bpm": 90, "seed": 4}},
        {"campaign_name": "Another"},
        {"videos": {"intro": "other.mp4"}},
        {"rules": {"max_plays_per_user": 5}},
        {"metadata": {"a": 1}},
        {"branding": {"brand_name": "B"}},
        {"button": {"bounds": {"x": 0.1}}},
        {"version": "3.0.0"},
        {"difficulty": {"level": "easy"}},
    ],
)
def test_what_the_skill_does_not_read_is_no_parameter(wheel: Template, changes: dict[str, Any]) -> None:
    assert hashed(brief(**changes), wheel) == hashed(brief(), wheel)


@pytest.mark.parametrize(
    "changes",
    [
        {"theme": "candy_pop"},
        {"difficulty": "hard"},
        {"difficulty": {"level": "easy", "win_probability": 0.1}},
        {"duration_sec": 10},
        {"locale": "fr-FR"},
        {"colors": {"primary": "red"}},
        {"mechanics": {"min_turns": 3}},
        {"outcome_mode": "client_demo"},
        {"copy": {"title": "Other"}},
        {"audio": {"loopable": False}},
    ],
)
def test_what_the_skill_reads_is_a_parameter(wheel: Template, changes: dict[str, Any]) -> None:
    assert hashed(brief(**changes), wheel) != hashed(brief(), wheel)


def test_who_writes_the_words_is_a_parameter(wheel: Template) -> None:
    small, large = (ClaudeTextModel(Access(), model=name) for name in ("small", "large"))

    assert hashed(brief(), wheel, text_model=small) != hashed(brief(), wheel)
    assert hashed(brief(), wheel, text_model=small) != hashed(brief(), wheel, text_model=large)


def test_the_content_of_a_file_is_a_parameter_and_its_name_is_not(wheel: Template) -> None:
    one, renamed = (brief(assets={"background": name}) for name in ("one.png", "two.png"))

    before = hashed(one, wheel, {"assets.background": stored(b"beach", "one.png")})

    assert hashed(renamed, wheel, {"assets.background": stored(b"beach", "two.png")}) == before
    assert hashed(one, wheel, {"assets.background": stored(b"other", "one.png")}) != before
