"""The port to audio models.

Belongs here: what a model is asked, and what it gives back.
Does not belong here: how an adapter makes sound, or how sound is finished and encoded (providers.finishing).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.model.digest import JsonObject

if TYPE_CHECKING:  # numpy is for the step that makes sound; a fully cached build must not pay for it
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class GeneratedAudio:
    """Sound as a model gave it, before finishing: of any length, rate and width, where it is not made to order.

    Args:
        samples: Shape (channels, frames), full scale at ±1, at any loudness.
        bpm: The tempo that the music really has, which may differ from the one asked; None where nobody knows.
        bars: Whole bars of four beats; None likewise.
        loop: Whether the last sample runs into the first without a seam.
        details: What a person may want to know of the piece: its key, its form.
    """

    samples: "NDArray[np.float64]"
    sample_rate: int
    bpm: float | None
    bars: int | None
    loop: bool
    details: JsonObject = field(default_factory=dict)


class AudioModel(ABC):
    """Makes music from a request.

    The first three attributes take part in the input hash, and so do its params: with any of them changed, music is
    made again. The last says how to get other music where the same request would bring the same again.
    """

    provider_id: str
    model: str | None
    version: str
    remedy: str | None = None

    def params(self) -> JsonObject:
        """Name what else shapes the music: the digests of what the adapter reads; most read nothing."""
        return {}

    def missing(self) -> str | None:
        """Say which setting is not there that making music takes; None where nothing is wanting."""
        return None

    @abstractmethod
    def generate(self, request: AudioRequest) -> GeneratedAudio:
        """Make the music of one request; equal requests give equal samples where the model is deterministic.

        Raises:
            CampaignError: PROVIDER_ERROR, the model could not be reached or refused.
        """
