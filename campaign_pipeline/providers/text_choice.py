"""The choice among text providers.

Belongs here: which names are shipped.
Does not belong here: what a provider writes; the one shipped, `template`, is the skill's own deterministic way.
"""

from difflib import get_close_matches

from campaign_pipeline.errors import CampaignError, ErrorCode

SHIPPED_TEXT_PROVIDERS = ("template",)


def check_text_provider(provider: str, *, model: str | None) -> None:
    """Refuse a provider that this version does not ship, or a model that it does not have.

    Raises:
        CampaignError: VALIDATION_ERROR, naming those that are shipped.
    """
    if provider not in SHIPPED_TEXT_PROVIDERS:
        near = get_close_matches(provider, SHIPPED_TEXT_PROVIDERS, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        message = f"text.provider: {provider!r} is not shipped with this version{hint}"
        right = f"expected one of {', '.join(SHIPPED_TEXT_PROVIDERS)}"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{message}; {right}")
    if model is not None:
        message = f"text.model: {model!r} was asked, but provider {provider!r} has no models; leave it out"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
