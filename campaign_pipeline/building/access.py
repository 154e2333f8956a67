"""The way to paid providers that a run's settings open.

Belongs here: putting settings and an answer book together for the adapters.
Does not belong here: reading the settings (settings), what an adapter does with them (providers).
"""

from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.answers import AnswerBook
from campaign_pipeline.settings import Settings


def access(settings: Settings, answers: AnswerBook) -> Access:
    """Give what the adapters of one run may use."""
    return Access(
        answers=answers,
        prices=settings.prices,
        anthropic_url=settings.anthropic_url,
        anthropic_key=settings.anthropic_key,
        litellm_url=settings.litellm_url,
        litellm_key=settings.litellm_key,
        timeout_s=settings.provider_timeout_s,
    )
