"""The environment, as users set it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.settings import CacheChoice, CacheMode, CachePolicy, Settings


def test_an_empty_environment_gives_the_contracts_defaults() -> None:
    settings = Settings({})

    settings.check()

    assert settings.briefs_dir == Path("briefs")
    assert settings.database_url == "sqlite:///.campaign/ledger.db"
    assert settings.store_url == ".campaign/store"
    assert settings.public_url is None
    assert (settings.text_provider, settings.audio_provider) == ("template", "synth")
    assert settings.cache == CacheChoice(CacheMode.USE)
    assert settings.cache_policy("generate_bgm_track") == CachePolicy(scope="global", lifetime=None)
    assert settings.max_bundle_mb == 5
    assert (settings.gc_grace, settings.retention) == (timedelta(hours=24), None)
    assert settings.source_date_epoch is None


def test_a_variable_that_is_set_to_nothing_counts_as_unset() -> None:
    assert Settings({"CAMPAIGN_DATABASE_URL": " "}).database_url == Settings({}).database_url


def test_a_cache_policy_tells_scope_and_lifetime_by_skill() -> None:
    policy = (
        "generate_bgm_track=global:30d, bundle_game_template=run_only,assemble_campaign_manifest=run_only:45m"
    )

    settings = Settings({"CAMPAIGN_CACHE_POLICY": policy})

    assert settings.cache_policies == {
        "generate_bgm_track": CachePolicy(scope="global", lifetime=timedelta(days=30)),
        "bundle_game_template": CachePolicy(scope="run_only", lifetime=None),
        "assemble_campaign_manifest": CachePolicy(scope="run_only", lifetime=timedelta(minutes=45)),
    }


@pytest.mark.parametrize(
    ("said", "modes"),
    [
        ("refresh", {"game_config": "refresh", "bgm": "refresh", "campaign_manifest": "refresh"}),
        ("refresh:bgm", {"game_config": "use", "bgm": "refresh", "campaign_manifest": "use"}),
        (
            "refresh:bgm, game_config",
            {"game_config": "refresh", "bgm": "refresh", "campaign_manifest": "use"},
        ),
        ("off", {"game_config": "off", "bgm": "off", "campaign_manifest": "off"}),
    ],
)
def test_a_refresh_may_be_meant_for_some_steps_alone(said: str, modes: dict[str, str]) -> None:
    choice = Settings({"CAMPAIGN_CACHE": said}).cache

    assert {step_id: choice.of(step_id) for step_id in modes} == modes
    assert CacheChoice.parse(str(choice), source="what it is written as") == choice


def test_housekeeping_takes_durations() -> None:
    settings = Settings({"CAMPAIGN_GC_GRACE": "45m", "CAMPAIGN_RETENTION": "2w"})

    assert (settings.gc_grace, settings.retention) == (timedelta(minutes=45), timedelta(weeks=2))


def test_a_public_url_loses_its_closing_slash() -> None:
    assert (
        Settings({"CAMPAIGN_PUBLIC_URL": "https://cdn.example.com/c/"}).public_url
        == "https://cdn.example.com/c"
    )


REFUSED: list[tuple[str, str, Callable[[Settings], Any]]] = [
    ("CAMPAIGN_CACHE", "maybe", lambda settings: settings.cache),
    ("CAMPAIGN_CACHE", "refresh:", lambda settings: settings.cache),
    ("CAMPAIGN_CACHE", "refresh:music", lambda settings: settings.cache),
    ("CAMPAIGN_CACHE", "off:bgm", lambda settings: settings.cache),
    ("CAMPAIGN_CACHE_POLICY", "generate_bgm_track", lambda settings: settings.cache_policies),
    ("CAMPAIGN_CACHE_POLICY", "generate_bgm_tracks=global", lambda settings: settings.cache_policies),
    ("CAMPAIGN_CACHE_POLICY", "generate_bgm_track=global:0d", lambda settings: settings.cache_policies),
    ("CAMPAIGN_MAX_BUNDLE_MB", "nan", lambda settings: settings.max_bundle_mb),
    ("CAMPAIGN_MAX_BUNDLE_MB", "five", lambda settings: settings.max_bundle_mb),
    ("CAMPAIGN_GC_GRACE", "0h", lambda settings: settings.gc_grace),
    ("CAMPAIGN_GC_GRACE", "forever", lambda settings: settings.gc_grace),
    ("CAMPAIGN_RETENTION", "90", lambda settings: settings.retention),
    ("CAMPAIGN_PUBLIC_URL", "ftp://example.com", lambda settings: settings.public_url),
    ("ANTHROPIC_BASE_URL", "http://[::1", lambda settings: settings.anthropic_url),
    ("ANTHROPIC_BASE_URL", "http://localhost:abc", lambda settings: settings.anthropic_url),
    ("LITELLM_BASE_URL", "http://localhost:99999", lambda settings: settings.litellm_url),
    ("LITELLM_BASE_URL", "http://local host:4000", lambda settings: settings.litellm_url),
    ("SOURCE_DATE_EPOCH", "-1", lambda settings: settings.source_date_epoch),
    ("SOURCE_DATE_EPOCH", "999999999999", lambda settings: settings.source_date_epoch),
]


@pytest.mark.parametrize(("name", "value", "read"), REFUSED)
def test_a_value_that_cannot_be_meant_is_refused_by_name(
    name: str, value: str, read: Callable[[Settings], Any]
) -> None:
    with pytest.raises(CampaignError) as caught:
        read(Settings({name: value}))

    assert caught.value.code is ErrorCode.VALIDATION_ERROR
    assert name in caught.value.message
    assert value.partition("=")[0] in caught.value.message


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://127.0.0.1:1/?key=sk-canary", "'http://127.0.0.1:1/?…'"),
        ("http://127.0.0.1:1/#sk-canary", "'http://127.0.0.1:1/?…'"),
        ("http://user:sk-canary/ss@host", "'http://…'"),
        ("http://us er:sk-canary@host", "'http://…'"),
        ("http://user:sk-canary#ss@host", "'http://…'"),
        ("http://user:sec?sk-canary@host:4000", "'http://…'"),
    ],
)
def test_what_may_be_secret_of_an_address_is_not_told(address: str, told: str) -> None:
    with pytest.raises(CampaignError) as refused:
        _ = Settings({"LITELLM_BASE_URL": address}).litellm_url

    assert "canary" not in str(refused.value)
    assert f"LITELLM_BASE_URL: {told} found" in str(refused.value)
