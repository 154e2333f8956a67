"""The choice among audio models.

Belongs here: which names are shipped, and the adapter that each stands for.
Does not belong here: the port (providers.audio), or who decides the name (building.choices).
"""

from collections.abc import Callable
from difflib import get_close_matches

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.audio import AudioModel


def _stub(model: str | None, access: Access) -> AudioModel:
    _refuse_model("stub", model)
    del access  # it costs nothing
    from campaign_pipeline.providers.stub import StubAudioModel  # noqa: PLC0415  adapters are loaded by need

    return StubAudioModel()


def _synth(model: str | None, access: Access) -> AudioModel:
    _refuse_model("synth", model)
    del access  # as above
    from campaign_pipeline.providers.synth.adapter import SynthAudioModel  # noqa: PLC0415  as above

    return SynthAudioModel()


def _litellm(model: str | None, access: Access) -> AudioModel:
    from campaign_pipeline.providers.litellm.adapter import LiteLLMAudioModel  # noqa: PLC0415  as above

    return LiteLLMAudioModel(model, access)


ADAPTERS: dict[str, Callable[[str | None, Access], AudioModel]] = {
    "stub": _stub,
    "synth": _synth,
    "litellm": _litellm,
}
"""How each provider's adapter is made, of the model that is asked and the way to reach it."""

SHIPPED_PROVIDERS = tuple(ADAPTERS)

MODELLESS_AUDIO = frozenset({"stub", "synth"})
"""Providers that have no models to choose from."""


def audio_model(provider: str, *, model: str | None = None, access: Access | None = None) -> AudioModel:
    """Give the adapter of a provider's name.

    Args:
        access: How a paid provider is reached; None keeps no answer and knows no address.

    Raises:
        CampaignError: VALIDATION_ERROR, the name is not shipped, or the provider does not have what it is asked for.
    """
    if provider not in ADAPTERS:
        near = get_close_matches(provider, ADAPTERS, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise CampaignError(
            ErrorCode.VALIDATION_ERROR,
            f"audio.provider: {provider!r} is not shipped with this version{hint}; "
            f"expected one of {', '.join(ADAPTERS)}",
        )
    return ADAPTERS[provider](model, access or Access())


def _refuse_model(provider: str, model: str | None) -> None:
    if model is not None:
        raise CampaignError(
            ErrorCode.VALIDATION_ERROR,
            f"audio.model: {model!r} was asked, but provider {provider!r} has no models to choose from; leave it out",
        )
