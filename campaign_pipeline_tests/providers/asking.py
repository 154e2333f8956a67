"""What tests of text models share: a book of answers that can be looked into, and requests.

Belongs here: fakes of the ports, and requests as the skill makes them.
Does not belong here: servers (campaign_pipeline_tests.servers).
"""

from collections.abc import Callable
from typing import Any

from campaign_pipeline.games.catalogue import load_template
from campaign_pipeline.model.digest import JsonObject, canonical_hash
from campaign_pipeline.model.game_text import TextRequest
from campaign_pipeline.model.prices import UNPRICED, Quote
from campaign_pipeline.providers.answers import Answer, AnswerBook
from campaign_pipeline.skills.wording import text_request
from campaign_pipeline_tests.model.samples import brief


class RememberedAnswers(AnswerBook):
    """Keeps answers in memory, and everything that it was told."""

    def __init__(self) -> None:
        self.requests: list[JsonObject] = []
        self.quotes: list[Quote] = []
        self.notes: list[JsonObject] = []
        self.answers: dict[str, Answer] = {}

    def answer(
        self, request: JsonObject, *, provider: str, ask: Callable[[], Answer], quote: Quote = UNPRICED
    ) -> Answer:
        assert provider == "claude"
        self.requests.append(request)
        self.quotes.append(quote)
        digest = canonical_hash(request)
        if digest not in self.answers:
            self.answers[digest] = ask()
        return self.answers[digest]

    def note(self, attempt: JsonObject) -> None:
        self.notes.append(attempt)


def request_for(**changes: Any) -> TextRequest:
    """Give what is asked for a German brief for the wheel, changed by a merge patch."""
    asked = brief(**{"locale": "de-DE", "theme": "summer_beach", **changes})
    return text_request(asked, template=load_template(asked.template_id))
