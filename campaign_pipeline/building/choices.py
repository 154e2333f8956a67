"""Who decides: the run's configuration, a tag, the brief, or the environment.

Belongs here: cache mode and providers of one run, in that order of precedence, refused under the name of who said it.
Does not belong here: the providers themselves (providers).
"""

from collections.abc import Collection
from typing import Any

from campaign_pipeline.building.order import RunOrder
from campaign_pipeline.building.trigger import ProviderChoice
from campaign_pipeline.model.brief import Brief, BriefText
from campaign_pipeline.providers.audio_choice import ADAPTERS, audio_model
from campaign_pipeline.providers.text_choice import SHIPPED_TEXT_PROVIDERS, check_text_provider
from campaign_pipeline.settings import CacheMode, Settings, invalid

CACHE_TAG = "campaign/cache"
TEXT_PROVIDER_TAG = "campaign/text_provider"
AUDIO_PROVIDER_TAG = "campaign/audio_provider"


def cache_mode(order: RunOrder, settings: Settings) -> CacheMode:
    """Settle what a run does with earlier results; a brief has no say in it.

    Raises:
        CampaignError: VALIDATION_ERROR.
    """
    if order.cache is not None:
        return CacheMode.parse(order.cache, source="resources.trigger.config.cache")
    if CACHE_TAG in order.tags:
        return CacheMode.parse(order.tags[CACHE_TAG], source=f"tag {CACHE_TAG}")
    return settings.cache


def text_choice(order: RunOrder, brief: Brief, settings: Settings) -> ProviderChoice:
    """Settle who writes the configuration.

    Raises:
        CampaignError: VALIDATION_ERROR.
    """
    asked = brief.text or BriefText()
    provider = _said_first(
        ("overrides.text.provider", _override(order, "text")),
        (f"tag {TEXT_PROVIDER_TAG}", order.tags.get(TEXT_PROVIDER_TAG)),
        ("text.provider", asked.provider),
        ("CAMPAIGN_TEXT_PROVIDER", settings.text_provider),
        known=SHIPPED_TEXT_PROVIDERS,
    )
    check_text_provider(provider, model=asked.model)
    return ProviderChoice(provider=provider, model=asked.model)


def audio_choice(order: RunOrder, brief: Brief, settings: Settings) -> ProviderChoice:
    """Settle who makes the music.

    Raises:
        CampaignError: VALIDATION_ERROR.
    """
    provider = _said_first(
        ("overrides.audio.provider", _override(order, "audio")),
        (f"tag {AUDIO_PROVIDER_TAG}", order.tags.get(AUDIO_PROVIDER_TAG)),
        ("audio.provider", brief.audio.provider),
        ("CAMPAIGN_AUDIO_PROVIDER", settings.audio_provider),
        known=ADAPTERS,
    )
    audio_model(provider, model=brief.audio.model)  # refused now, before anything works
    return ProviderChoice(provider=provider, model=brief.audio.model)


def _said_first(*choices: tuple[str, str | None], known: Collection[str]) -> str:
    source, said = next((source, said) for source, said in choices if said)
    if said not in known:
        raise invalid(source, said, f"one of {', '.join(known)}, which this version ships,")
    return said


def _override(order: RunOrder, section: str) -> str | None:
    value: Any = order.overrides.get(section)
    return value.get("provider") if isinstance(value, dict) else None
