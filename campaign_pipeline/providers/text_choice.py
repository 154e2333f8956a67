"""The choice among text models.

Belongs here: which names are shipped, and the adapter that each stands for.
Does not belong here: the port (providers.text), or who decides the name (building.choices).
"""

from collections.abc import Callable
from difflib import get_close_matches

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.text import TextModel

MODELLESS_TEXT = frozenset({"template"})
"""Providers that have no models to choose from."""


def _template(model: str | None, access: Access) -> TextModel:
    if model is not None:
        message = f"text.model: {model!r} was asked, but provider 'template' has no models; leave it out"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    del access  # it costs nothing
    from campaign_pipeline.providers.template import TemplateTextModel  # noqa: PLC0415  adapters are loaded by need

    return TemplateTextModel()


def _claude(model: str | None, access: Access) -> TextModel:
    from campaign_pipeline.providers.claude.adapter import ClaudeTextModel  # noqa: PLC0415  as above

    return ClaudeTextModel(access, model=model)


TEXT_ADAPTERS: dict[str, Callable[[str | None, Access], TextModel]] = {
    "template": _template,
    "claude": _claude,
}
"""How each provider's adapter is made, of the model that is asked and the way to reach it."""


def text_model(provider: str, *, model: str | None = None, access: Access | None = None) -> TextModel:
    """Give the adapter of a provider's name.

    Args:
        access: How a paid provider is reached; None keeps no answer and knows no address but the vendor's.

    Raises:
        CampaignError: VALIDATION_ERROR, the name is not shipped, or the provider does not have what it is asked for.
    """
    if provider not in TEXT_ADAPTERS:
        near = get_close_matches(provider, TEXT_ADAPTERS, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        message = f"text.provider: {provider!r} is not shipped with this version{hint}"
        right = f"expected one of {', '.join(TEXT_ADAPTERS)}"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{message}; {right}")
    return TEXT_ADAPTERS[provider](model, access or Access())
