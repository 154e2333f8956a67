"""What paid providers take for their work.

Belongs here: a model's prices, what a call costs by them, and what one that was not made yet may cost at most.
Does not belong here: where prices are written (settings), or what a run may cost (building.budget).
"""

from collections.abc import Mapping
from dataclasses import dataclass

_MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Price:
    """What one model takes, in US dollars.

    Args:
        input_usd: For a million tokens of the request.
        output_usd: For a million tokens of the answer.
        call_usd: For the call, whatever is in it.
    """

    input_usd: float = 0.0
    output_usd: float = 0.0
    call_usd: float = 0.0

    def of(self, *, tokens_in: int = 0, tokens_out: int = 0) -> float:
        """Say what a call of so many tokens costs in dollars."""
        return self.call_usd + (self.input_usd * tokens_in + self.output_usd * tokens_out) / _MILLION


Prices = Mapping[str, Price]
"""By the model's name, as a brief or a setting spells it."""


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What a call may cost before it is made.

    Args:
        model: Whose price it is.
        most_usd: The most that it can cost; None where nobody knows the model's price.
        price_as: How a price of this kind is spelled in settings, by an example.
    """

    model: str
    most_usd: float | None
    price_as: str = "3/15"


UNPRICED = Quote(model="", most_usd=None)
