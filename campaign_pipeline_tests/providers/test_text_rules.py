"""The rules that hold of every text model's answer."""

import pytest

from campaign_pipeline.games.catalogue import load_template
from campaign_pipeline.model.brief import BriefColours
from campaign_pipeline.model.game_text import GameText, PrizeToName
from campaign_pipeline.providers.claude import prompts
from campaign_pipeline.providers.colour_rules import colour_problems
from campaign_pipeline.providers.text_rules import missing_parts, text_problems
from campaign_pipeline_tests.providers.asking import request_for
from campaign_pipeline_tests.servers.anthropic_server import WHEEL_ANSWER, answer_for_wheel

THEMES = load_template("spin_wheel_v1").spec.themes


@pytest.mark.parametrize("theme", list(THEMES))
def test_the_shipped_themes_keep_to_the_rules_for_picked_colours(theme: str) -> None:
    picked = BriefColours.model_validate(THEMES[theme].colors.to_json())

    assert list(colour_problems(picked, request=request_for(theme=theme))) == []


def test_colours_that_the_brief_has_settled_are_nobodys_fault() -> None:
    same = dict.fromkeys(("primary", "secondary", "background"), "#ffffff")
    request = request_for(colors=same)

    assert list(colour_problems(BriefColours(), request=request)) == []
    assert list(colour_problems(BriefColours(accent="#aa0000"), request=request)) == []
    [problem] = colour_problems(
        BriefColours(accent="#0000ff"), request=request_for(colors={"primary": "#0000fe"})
    )
    assert "accent #0000ff" in problem
    assert "primary #0000fe" in problem


@pytest.mark.parametrize(
    ("current", "name", "holds"),
    [
        ("25% off", "Spare 25 %", True),
        ("25% off", "خصم ٢٥٪", True),
        ("2.5 litres", "2,5 Liter", True),
        ("25% off", "Ein Viertel weniger", False),
        ("25% off", "52 %", False),
        ("Mystery gift", "Gutschein über 100 €", False),
        ("Mystery gift", "Wundertüte", True),
    ],
)
def test_a_prize_keeps_its_figures(current: str, name: str, *, holds: bool) -> None:
    request = request_for().model_copy(update={"prizes": [PrizeToName(wins=True, current=current)]})

    problems = text_problems(GameText(prizes=[name]), request=request)

    assert (problems == []) == holds


def test_losses_may_share_a_name() -> None:
    names = list(WHEEL_ANSWER["prizes"])
    names[1] = names[3]

    assert text_problems(GameText(prizes=names), request=request_for()) == []


def test_what_was_asked_and_what_is_there_are_compared_part_by_part() -> None:
    text = GameText.model_validate(answer_for_wheel(prizes=None, colors={"accent": "#ff0000"}))

    problems = missing_parts(text, request=request_for(copy={"title": "Mine"}))

    assert problems == [
        "copy.title: it was not asked for; leave it out",
        "colors.primary: nothing found; a value is required",
        "colors.secondary: nothing found; a value is required",
        "colors.background: nothing found; a value is required",
        "prizes: 0 found; exactly 8 are expected",
    ]


def test_prompts_change_together_with_their_version() -> None:
    assert prompts.identity() == {
        "version": "1.0.1",
        "digest": "sha256:65da4e85ac014dde1edc122d65796922db660680dc012e1dbe13612d90aa55c1",
    }
