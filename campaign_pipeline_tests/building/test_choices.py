"""Which model goes with which provider, and who steps in."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from campaign_pipeline.building.choices import cache_choice, text_choice
from campaign_pipeline.building.order import CAMPAIGN_UPDATE_AUDIO
from campaign_pipeline.building.planning import order_of
from campaign_pipeline.building.trigger import ProviderChoice
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.settings import Settings
from campaign_pipeline_tests.building.direct import CAMPAIGN
from campaign_pipeline_tests.model.samples import brief

CLAUDE = {"CAMPAIGN_TEXT_PROVIDER": "claude"}


def chosen(
    text: Mapping[str, Any], *, env: Mapping[str, str] | None = None, tag: str | None = None
) -> list[tuple[str, str | None]]:
    order = order_of(CAMPAIGN)
    if tag is not None:
        order = replace(order, tags={"campaign/text_provider": tag})
    choice = text_choice(order, brief(text=dict(text)), Settings(dict(env or {})))
    chain: tuple[ProviderChoice, ...] = (choice, *choice.fallbacks)
    return [(link.provider, link.model) for link in chain]


def test_the_setting_s_model_goes_to_whoever_has_models() -> None:
    env = {"CAMPAIGN_TEXT_MODEL": "opus", "CAMPAIGN_TEXT_FALLBACK": "claude"}

    assert chosen({}, env=env) == [("template", None), ("claude", "opus")]


def test_the_brief_s_model_goes_to_the_provider_that_it_means_wherever_that_stands() -> None:
    said = {"provider": "claude", "model": "opus", "fallback": ["claude"]}

    assert chosen(said, tag="template") == [("template", None), ("claude", "opus")]
    assert chosen({"model": "opus"}, env=CLAUDE) == [("claude", "opus")]
    assert chosen({"model": "opus"}, env=CLAUDE, tag="template") == [("template", None)]


def test_a_model_for_a_provider_without_any_is_refused() -> None:
    with pytest.raises(CampaignError, match="'template' has no models"):
        chosen({"model": "opus"})


def test_a_provider_does_not_step_in_for_itself() -> None:
    assert chosen({"fallback": ["template", "claude"]})[0] == ("template", None)
    assert [name for name, _ in chosen({"fallback": ["template", "claude"]})] == ["template", "claude"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("refresh", "refresh:bgm"),
        ("refresh:game_config", "refresh:game_config"),
        ("off", "off"),
        ("use", "use"),
    ],
)
def test_an_update_of_the_music_refreshes_the_music_alone_unless_it_is_told_more(
    said: str, meant: str
) -> None:
    update = replace(order_of(CAMPAIGN), workflow_name=CAMPAIGN_UPDATE_AUDIO)

    by_run = cache_choice(replace(update, cache=said), Settings({}))
    by_tag = cache_choice(replace(update, tags={"campaign/cache": said}), Settings({}))
    by_setting = cache_choice(update, Settings({"CAMPAIGN_CACHE": said}))

    assert {str(choice) for choice in (by_run, by_tag, by_setting)} == {meant}
    assert str(cache_choice(replace(order_of(CAMPAIGN), cache=said), Settings({}))) == said
