"""Who decides: the run's configuration, a tag, the brief, or the environment.

Belongs here: use of the cache and providers of one run, in that order of precedence; what is refused names who said it.
Does not belong here: the providers themselves (providers).
"""

from collections.abc import Collection, Sequence
from typing import Any

from campaign_pipeline.building.order import CAMPAIGN_UPDATE_AUDIO, RunOrder
from campaign_pipeline.building.trigger import ProviderChoice
from campaign_pipeline.model.brief import Brief, BriefText
from campaign_pipeline.providers.audio_choice import ADAPTERS, MODELLESS_AUDIO, audio_model
from campaign_pipeline.providers.text_choice import MODELLESS_TEXT, TEXT_ADAPTERS, text_model
from campaign_pipeline.settings import CacheChoice, CacheMode, Settings, invalid

CACHE_TAG = "campaign/cache"
TEXT_PROVIDER_TAG = "campaign/text_provider"
AUDIO_PROVIDER_TAG = "campaign/audio_provider"


def cache_choice(order: RunOrder, settings: Settings) -> CacheChoice:
    """Settle what a run does with earlier results; a brief has no say in it.

    Raises:
        CampaignError: VALIDATION_ERROR.
    """
    choice = _cache_as_said(order, settings)
    if order.workflow_name == CAMPAIGN_UPDATE_AUDIO and choice == CacheChoice(CacheMode.REFRESH):
        # Who asks for other music, anew if need be, has not asked for other words: they cost money too.
        return CacheChoice(CacheMode.REFRESH, ("bgm",))
    return choice


def _cache_as_said(order: RunOrder, settings: Settings) -> CacheChoice:
    if order.cache is not None:
        return CacheChoice.parse(order.cache, source="resources.trigger.config.cache")
    if CACHE_TAG in order.tags:
        return CacheChoice.parse(order.tags[CACHE_TAG], source=f"tag {CACHE_TAG}")
    return settings.cache


def text_choice(order: RunOrder, brief: Brief, settings: Settings) -> ProviderChoice:
    """Settle who writes the configuration, and who steps in.

    Raises:
        CampaignError: VALIDATION_ERROR.
    """
    asked = brief.text or BriefText()
    provider = _said_first(
        ("overrides.text.provider", _override(order, "text")),
        (f"tag {TEXT_PROVIDER_TAG}", order.tags.get(TEXT_PROVIDER_TAG)),
        ("text.provider", asked.provider),
        ("CAMPAIGN_TEXT_PROVIDER", settings.text_provider),
        known=TEXT_ADAPTERS,
    )
    fallbacks = _fallbacks(
        ("text.fallback", asked.fallback),
        ("CAMPAIGN_TEXT_FALLBACK", settings.text_fallback),
        known=TEXT_ADAPTERS,
    )
    choice = _choice(
        (provider, *fallbacks),
        meant=asked.provider or settings.text_provider,
        asked=asked.model,
        model=settings.text_model,
        modelless=MODELLESS_TEXT,
    )
    text_model(choice.provider, model=choice.model)  # refused now, before anything works
    return choice


def audio_choice(order: RunOrder, brief: Brief, settings: Settings) -> ProviderChoice:
    """Settle who makes the music, and who steps in.

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
    fallbacks = _fallbacks(
        ("audio.fallback", brief.audio.fallback),
        ("CAMPAIGN_AUDIO_FALLBACK", settings.audio_fallback),
        known=ADAPTERS,
    )
    choice = _choice(
        (provider, *fallbacks),
        meant=brief.audio.provider or settings.audio_provider,
        asked=brief.audio.model,
        model=settings.audio_model,
        modelless=MODELLESS_AUDIO,
    )
    audio_model(choice.provider, model=choice.model)  # refused now, before anything works
    return choice


def _choice(
    chain: Sequence[str], *, meant: str, asked: str | None, model: str | None, modelless: Collection[str]
) -> ProviderChoice:
    """Give each provider of a chain its model.

    Args:
        meant: The provider that the brief means; `asked`, the brief's model, is one of its.
        model: The setting's, for every other provider that has models.
    """
    first, *others = (
        ProviderChoice(
            provider=name, model=asked if name == meant and asked else None if name in modelless else model
        )
        for name in dict.fromkeys(chain)
    )
    return first.model_copy(update={"fallbacks": tuple(others)})


def _fallbacks(*choices: tuple[str, Sequence[str] | None], known: Collection[str]) -> Sequence[str]:
    """Take the list of whoever said one first; an empty one says that nobody is to step in."""
    source, said = next(((source, said) for source, said in choices if said is not None), ("", ()))
    for name in said:
        if name not in known:
            raise invalid(source, name, f"one of {', '.join(known)}, which this version ships,")
    return said


def _said_first(*choices: tuple[str, str | None], known: Collection[str]) -> str:
    source, said = next((source, said) for source, said in choices if said)
    if said not in known:
        raise invalid(source, said, f"one of {', '.join(known)}, which this version ships,")
    return said


def _override(order: RunOrder, section: str) -> str | None:
    value: Any = order.overrides.get(section)
    return value.get("provider") if isinstance(value, dict) else None
