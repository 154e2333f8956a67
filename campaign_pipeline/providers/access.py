"""How paid providers are reached.

Belongs here: the addresses, keys, time-outs and prices that an adapter needs, in one value.
Does not belong here: where they are read (settings), which provider is asked (building.choices).
"""

from dataclasses import dataclass, field

from campaign_pipeline.model.prices import Prices
from campaign_pipeline.providers.answers import AnswerBook, NoAnswerBook


@dataclass(frozen=True, kw_only=True)
class Access:
    """What an adapter may use; one that costs nothing uses none of it.

    Args:
        answers: Through which a paid provider is asked.
        anthropic_url: Of the vendor, or of a LiteLLM proxy.
        litellm_url: Of a LiteLLM proxy; None where none is set.
        timeout_s: After which a call that is not answered is given up.
    """

    answers: AnswerBook = field(default_factory=NoAnswerBook)
    prices: Prices = field(default_factory=dict)
    anthropic_url: str = "https://api.anthropic.com"
    anthropic_key: str | None = field(default=None, repr=False)
    litellm_url: str | None = None
    litellm_key: str | None = field(default=None, repr=False)
    timeout_s: float = 120.0
