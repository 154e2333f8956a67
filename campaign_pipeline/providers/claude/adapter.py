"""The claude provider: copy, names, colours and questions from Anthropic's models, or a proxy that has them.

Belongs here: which model is asked, and what shapes its answer.
Does not belong here: asking it (providers.claude.conversation), which a build that reuses everything does not load.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.claude import prompts
from campaign_pipeline.providers.text import TextModel

if TYPE_CHECKING:
    from campaign_pipeline.model.game_text import GameText, TextRequest

DEFAULT_MODEL = "claude-sonnet-5-5"
"""The newest of the middle size that the SDK knows: it takes structured output and writes good copy in many languages,
and a few hundred words are no work for a larger one."""


class ClaudeTextModel(TextModel):
    """Asks Claude for what the brief leaves open.

    Args:
        model: As the vendor or the proxy names it.
    """

    provider_id = "claude"
    version = "1.0.0"

    def __init__(self, access: Access, *, model: str | None = None) -> None:
        self.model: str = model or DEFAULT_MODEL
        self._access = access

    def params(self, request: "Callable[[], TextRequest]") -> JsonObject:
        """Name the prompts and the whole request: every word of it may shape what is written."""
        return {"prompts": prompts.identity(), "request": request().to_json()}

    def missing(self, request: "Callable[[], TextRequest]") -> str | None:
        """Say that there is no key, where there is none and something is open."""
        from campaign_pipeline.providers.claude.form import answer_form  # noqa: PLC0415  only who plans to ask

        if self._access.anthropic_key or not answer_form(request())["properties"]:
            return None
        return "ANTHROPIC_API_KEY is not set"

    def write(self, request: "TextRequest") -> "GameText":
        """Ask for what the request leaves open, and once more where the answer is of no use; see the port."""
        from campaign_pipeline.providers.claude.conversation import Conversation  # noqa: PLC0415  only who asks

        return Conversation(self._access, model=self.model, provider=self.provider_id).about(request)
