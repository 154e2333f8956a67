"""What tests of paid models share: a book of answers that can be looked into, and requests.

Belongs here: fakes of the ports, and requests as the skill makes them.
Does not belong here: servers (campaign_pipeline_tests.servers).
"""

from typing import Any

from campaign_pipeline.games.catalogue import load_template
from campaign_pipeline.model.digest import JsonObject, canonical_hash
from campaign_pipeline.model.game_text import TextRequest
from campaign_pipeline.model.prices import Quote
from campaign_pipeline.providers.answers import Answer, AnswerBook, Ask
from campaign_pipeline.providers.bill import Bill
from campaign_pipeline.skills.wording import text_request
from campaign_pipeline_tests.model.samples import brief


class RememberedBill(Bill):
    """Keeps in memory what is on it: an attempt is True while it may be billed."""

    def __init__(self) -> None:
        self.attempts = [True]
        self.costs_usd: list[float | None] = []

    def again(self, *, after: str) -> None:
        assert after
        self.attempts.append(True)

    def told(self, cost_usd: float | None) -> None:
        self.costs_usd.append(cost_usd)

    def void(self) -> None:
        self.attempts[-1] = False


class RememberedAnswers(AnswerBook):
    """Keeps answers in memory, and everything that it was told."""

    def __init__(self, provider: str = "claude") -> None:
        self._provider = provider
        self.bills: list[RememberedBill] = []
        self.requests: list[JsonObject] = []
        self.quotes: list[Quote] = []
        self.notes: list[JsonObject] = []
        self.answers: dict[str, Answer] = {}

    def answer(self, request: JsonObject, *, provider: str, ask: Ask, quote: Quote) -> Answer:
        assert provider == self._provider
        self.requests.append(request)
        self.quotes.append(quote)
        digest = canonical_hash(request)
        if digest not in self.answers:
            self.bills.append(RememberedBill())
            self.answers[digest] = ask(self.bills[-1])
        return self.answers[digest]

    def note(self, attempt: JsonObject) -> None:
        self.notes.append(attempt)


def request_for(**changes: Any) -> TextRequest:
    """Give what is asked for a German brief for the wheel, changed by a merge patch."""
    asked = brief(**{"locale": "de-DE", "theme": "summer_beach", **changes})
    return text_request(asked, template=load_template(asked.template_id))
