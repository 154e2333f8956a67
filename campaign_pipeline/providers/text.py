"""The port to text models.

Belongs here: what a model is asked to write, and how it is told apart from others.
Does not belong here: what it wrote (model.game_text), how an adapter asks, or what becomes of the words (skills).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from campaign_pipeline.model.digest import JsonObject

if TYPE_CHECKING:  # a build that reuses everything, or asks the template, has no request
    from campaign_pipeline.model.game_text import GameText, TextRequest


class TextModel(ABC):
    """Writes the words of a game, and picks its colours.

    Args:
        provider_id: As the setting names it.
        model: Which of the provider's models; None where it has none to choose from.
        version: Of the adapter.
    """

    provider_id: str
    model: str | None
    version: str

    @abstractmethod
    def params(self, request: "Callable[[], TextRequest]") -> JsonObject:
        """Name everything that shapes what the model writes; it takes part in the input hash.

        A model that reads a prompt names its digest; one that reads nothing of the request leaves it out, so that
        what it does not read buys nothing.

        Args:
            request: Gives what the model is asked; who reads nothing of it does not call it, and pays nothing for it.
        """

    def missing(self, request: "Callable[[], TextRequest]") -> str | None:
        """Say which setting is not there that asking for a request takes; None where nothing is wanting.

        Args:
            request: Gives what the model is asked; of one that leaves nothing open nobody is asked.
        """
        del request
        return None

    @abstractmethod
    def write(self, request: "TextRequest") -> "GameText":
        """Write what a request leaves open; what the model has nothing to say of is left None.

        Raises:
            CampaignError: GENERATION_FAILED, what it wrote stayed invalid; PROVIDER_ERROR, it could not be reached or
                refused; BUDGET_EXCEEDED, asking it would cost more than the run may.
        """
