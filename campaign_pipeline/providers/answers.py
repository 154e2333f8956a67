"""What paid providers answered: the port through which an adapter asks, so that nothing is paid for twice.

Belongs here: an answer as it came over the wire, and how an adapter asks for one.
Does not belong here: where answers are kept (building.answer_book), or what an adapter makes of one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.prices import Quote
from campaign_pipeline.providers.bill import Bill, NoBill


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a provider sent back, untouched.

    Args:
        data: The body, byte for byte.
        media_type: As the provider named it.
        tokens_in: Tokens of the request, where the provider counts them.
        tokens_out: Tokens of the answer, where the provider counts them.
        cost_usd: What the call cost, where it is known.
        model: Which model answered, where that is told.
        latency_s: How long it took to be answered.
    """

    data: bytes
    media_type: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    model: str | None = None
    latency_s: float | None = None


Ask = Callable[[Bill], Answer]
"""Sends a request, in as many attempts as it takes, each of which goes on the bill."""


class AnswerBook(ABC):
    """Through which a paid provider is asked: an exact request that was answered before is not sent again."""

    @abstractmethod
    def answer(self, request: JsonObject, *, provider: str, ask: Ask, quote: Quote) -> Answer:
        """Give the answer to a request: the kept one, or what `ask` brings, which is durable when this returns.

        Args:
            request: All that shapes the answer, and no secret: provider's address, model, parameters, body.
            provider: Who is asked, as diagnostics name it.
            ask: Sends the request; called once at most.
            quote: What one attempt may cost.

        Raises:
            CampaignError: BUDGET_EXCEEDED, asking could cost more than the run may; whatever `ask` raises.
        """

    def note(self, attempt: JsonObject) -> None:
        """Keep what a person needs to understand an answer that was of no use: it goes into the step's diagnostics.

        Args:
            attempt: The errors that were found and the answer's beginning; no secret, and bounded by the caller.
        """
        del attempt


class NoAnswerBook(AnswerBook):
    """Keeps nothing: for providers that cost nothing, and for asking outside a build."""

    def answer(self, request: JsonObject, *, provider: str, ask: Ask, quote: Quote) -> Answer:
        """Ask, every time."""
        del request, provider, quote
        return ask(NoBill())
