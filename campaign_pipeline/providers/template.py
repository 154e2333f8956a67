"""The template provider: the words and colours that the game's template has.

Belongs here: saying that nothing is to be added to them.
Does not belong here: the words themselves (games), or putting a configuration together (skills).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.providers.text import TextModel

if TYPE_CHECKING:  # as in the port
    from campaign_pipeline.model.game_text import GameText, TextRequest


class TemplateTextModel(TextModel):
    """Leaves everything to the template: offline, deterministic, and nothing to pay."""

    provider_id = "template"
    model = None
    version = "1.0.0"

    def params(self, request: "Callable[[], TextRequest]") -> JsonObject:
        """Name nothing: nothing of the request is read."""
        del request
        return {}

    def write(self, request: "TextRequest") -> "GameText":
        """Write nothing."""
        from campaign_pipeline.model.game_text import GameText  # noqa: PLC0415  only a step that is made needs it

        del request
        return GameText()
