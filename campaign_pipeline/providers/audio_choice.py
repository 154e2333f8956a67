"""The choice among audio models.

Belongs here: which names are shipped, and the adapter that each stands for.
Does not belong here: the port (providers.audio), or who decides the name (building.choices).
"""

from difflib import get_close_matches

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.providers.audio import AudioModel

SHIPPED_PROVIDERS = ("stub", "synth")


def audio_model(provider: str, *, model: str | None = None) -> AudioModel:
    """Give the adapter of a provider's name.

    Raises:
        CampaignError: VALIDATION_ERROR, the name is not shipped, or a model is asked of a provider without any.
    """
    if provider not in SHIPPED_PROVIDERS:
        near = get_close_matches(provider, SHIPPED_PROVIDERS, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise CampaignError(
            ErrorCode.VALIDATION_ERROR,
            f"audio.provider: {provider!r} is not shipped with this version{hint}; "
            f"expected one of {', '.join(SHIPPED_PROVIDERS)}",
        )
    if model is not None:
        raise CampaignError(
            ErrorCode.VALIDATION_ERROR,
            f"audio.model: {model!r} was asked, but provider {provider!r} has no models to choose from; leave it out",
        )
    if provider == "stub":
        from campaign_pipeline.providers.stub import StubAudioModel  # noqa: PLC0415  adapters are loaded by need

        return StubAudioModel()
    from campaign_pipeline.providers.synth.adapter import SynthAudioModel  # noqa: PLC0415  as above

    return SynthAudioModel()
