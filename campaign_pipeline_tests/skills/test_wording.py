"""Words of a text model in a game's configuration: where they go, and what they cannot change."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.games.catalogue import load_template
from campaign_pipeline.games.legibility import Reading
from campaign_pipeline.games.template import Template
from campaign_pipeline.model.digest import JsonObject, canonical_hash
from campaign_pipeline.model.game_config import GameConfig
from campaign_pipeline.model.game_text import GameText, TextRequest
from campaign_pipeline.providers.template import TemplateTextModel
from campaign_pipeline.providers.text import TextModel
from campaign_pipeline.skills.config_checks import contrast_check, refuse_failed
from campaign_pipeline.skills.game_config_from_template import (
    VerifiedConfig,
    game_config_from_template,
    params,
)
from campaign_pipeline.skills.wording import text_request
from campaign_pipeline_tests.model.samples import brief
from campaign_pipeline_tests.servers.anthropic_server import WHEEL_ANSWER

SEGMENTS = [
    {"label": "An ice cream", "outcome": "win", "weight": 1},
    {"label": "Nothing", "outcome": "lose", "weight": 1},
]
QUESTION = {
    "question": "What colour is the sea?",
    "options": [{"text": text, "right": text == "Blue"} for text in ("Blue", "Red", "Pink", "Black")],
}


class Writer(TextModel):
    """Writes what it was made with."""

    provider_id = "writer"
    model = "one"
    version = "1.0.0"

    def __init__(self, text: dict[str, Any]) -> None:
        self._text = GameText.model_validate(text)
        self.asked: list[TextRequest] = []

    def params(self, request: Callable[[], TextRequest]) -> JsonObject:
        return {"request": request().to_json()}

    def write(self, request: TextRequest) -> GameText:
        self.asked.append(request)
        return self._text


@pytest.fixture
def wheel() -> Template:
    return load_template("spin_wheel_v1")


@pytest.fixture
def quiz(tmp_path: Path, wheel: Template) -> Template:
    """A template that declares a place for two questions."""
    folder = tmp_path / "little_quiz_v1"
    shutil.copytree(wheel.folder, folder)
    spec = yaml.safe_load((folder / "template.yaml").read_text("utf-8"))
    questions = {"type": "array", "items": {"type": "object", "required": ["question", "options"]}}
    spec |= {
        "template_id": folder.name,
        "mechanics": {
            "schema": {"type": "object", "properties": {"questions": questions, "seconds": {"const": 20}}},
            "defaults": {"questions": [QUESTION, QUESTION], "seconds": 20},
        },
        "written": {"questions": {"path": "questions", "count": 2}},
    }
    (folder / "template.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    return load_template(folder.name, root=tmp_path)


def made(template: Template, model: TextModel, **changes: Any) -> VerifiedConfig:
    asked = brief(template_id=template.template_id, **changes)
    return game_config_from_template(asked, template=template, files={}, text_model=model)


def without_words(config: GameConfig) -> JsonObject:
    spelled = config.to_json()
    segments = [{**segment, "label": ""} for segment in spelled["mechanics"]["segments"]]
    return {
        **spelled,
        "copy": {},
        "mechanics": {**spelled["mechanics"], "segments": segments},
        "visuals": {**spelled["visuals"], "colors": {}},
    }


def test_a_model_changes_words_and_colours_and_nothing_else(wheel: Template) -> None:
    plain = made(wheel, TemplateTextModel()).config

    config = made(wheel, Writer(dict(WHEEL_ANSWER))).config

    assert without_words(config) == without_words(plain)
    assert config.texts.to_json() == WHEEL_ANSWER["copy"]
    assert config.visuals.colors.to_json() == WHEEL_ANSWER["colors"]
    assert [segment["label"] for segment in config.mechanics["segments"]] == WHEEL_ANSWER["prizes"]


def test_the_brief_goes_before_the_model_and_the_model_before_the_template(wheel: Template) -> None:
    writer = Writer({"copy": {"title": "Theirs", "win_message": "Theirs"}, "colors": {"accent": "#111111"}})

    config = made(wheel, writer, copy={"title": "Mine"}, colors={"primary": "#222222"}).config

    english, theme = wheel.spec.texts.languages["en"], wheel.spec.themes["neon_arcade"].colors
    assert (config.texts.title, config.texts.win_message) == ("Mine", "Theirs")
    assert config.texts.lose_message == english.lose_message
    colors = config.visuals.colors
    assert (colors.primary, colors.accent, colors.background) == ("#222222", "#111111", theme.background)


def test_segments_of_the_briefs_own_are_left_alone_and_told(wheel: Template) -> None:
    writer = Writer({"copy": {"title": "Theirs"}})

    config = made(wheel, writer, mechanics={"segments": SEGMENTS}).config

    assert config.mechanics["segments"] == SEGMENTS
    [request] = writer.asked
    assert request.prizes == []
    assert request.given == {"prizes": "An ice cream"}


def test_the_templates_places_are_listed_with_what_is_settled_of_them(wheel: Template) -> None:
    request = text_request(brief(), template=wheel)

    assert [(place.current, place.wins) for place in request.prizes] == [
        (segment["label"], segment["outcome"] == "win")
        for segment in wheel.spec.mechanics.defaults["segments"]
    ]
    assert request.limits.prize == 40
    assert "win_probability" not in str(request.to_json())
    assert "weight" not in str(request.to_json())


def test_questions_go_where_the_template_declares_them(quiz: Template) -> None:
    other = {**QUESTION, "question": "And the sky?"}
    writer = Writer({"questions": [QUESTION, other]})

    config = made(quiz, writer).config

    assert writer.asked[0].questions == 2
    assert config.mechanics == {"questions": [QUESTION, other], "seconds": 20}


def test_questions_of_the_briefs_own_are_left_alone(quiz: Template) -> None:
    writer = Writer({})

    config = made(quiz, writer, mechanics={"questions": [QUESTION]}).config

    assert writer.asked[0].questions == 0
    assert config.mechanics["questions"] == [QUESTION]


def test_words_that_the_templates_schema_refuses_are_the_models_fault(wheel: Template) -> None:
    names = ["W" * 41, *WHEEL_ANSWER["prizes"][1:]]

    with pytest.raises(CampaignError) as caught:
        made(wheel, Writer({"prizes": names}))

    assert caught.value.code is ErrorCode.GENERATION_FAILED
    assert "what writer wrote does not fit spin_wheel_v1: mechanics.segments[0].label" in caught.value.message


def test_a_place_that_the_template_does_not_have_is_refused(tmp_path: Path, wheel: Template) -> None:
    folder = tmp_path / "spin_wheel_v1"
    shutil.copytree(wheel.folder, folder)
    text = (folder / "template.yaml").read_text("utf-8").replace("{path: segments", "{path: sectors")
    (folder / "template.yaml").write_text(text, "utf-8")

    with pytest.raises(CampaignError, match=r"written\.prizes\.path sectors found"):
        load_template("spin_wheel_v1", root=tmp_path)


@pytest.mark.parametrize(
    "changes",
    [{"campaign_name": "Another"}, {"branding": {"brand_name": "B"}}, {"mechanics": {"segments": SEGMENTS}}],
)
def test_what_a_model_reads_is_a_parameter_where_it_is_asked(
    wheel: Template, changes: dict[str, Any]
) -> None:
    hashes = {
        canonical_hash(params(asked, template=wheel, files={}, text_model=Writer({})))
        for asked in (brief(), brief(**changes))
    }

    assert len(hashes) == 2


def test_a_configuration_comes_with_its_verdicts(wheel: Template) -> None:
    verified = made(wheel, TemplateTextModel())

    told = verified.metadata["checks"]
    assert told["verifier"] == "1.0.0"
    assert {name: verdict["passed"] for name, verdict in told["properties"].items()} == {
        "valid": True,
        "contrast": True,
    }
    assert told["properties"]["contrast"]["value"] >= 3


@pytest.mark.parametrize(
    ("colors", "code", "named"),
    [
        ({"background": "#777777"}, ErrorCode.VALIDATION_ERROR, "colors (background #777777): 1.13 to 1"),
        ({}, ErrorCode.GENERATION_FAILED, "colors: 1.13 to 1 for words on a wall (#777777 on #808080)"),
    ],
)
def test_words_that_cannot_be_read_stop_the_step(colors: dict[str, str], code: ErrorCode, named: str) -> None:
    unreadable = Reading(name="words on a wall", ink="#777777", ground="#808080", least=4.5)
    fine = Reading(name="the label", ink="#ffffff", ground="#000000", least=3)

    with pytest.raises(CampaignError) as caught:
        refuse_failed([contrast_check([fine, unreadable])], brief=brief(colors=colors))

    assert caught.value.code is code
    assert caught.value.message.startswith(named)
    assert "at least 4.5 to 1 for words" in caught.value.message
