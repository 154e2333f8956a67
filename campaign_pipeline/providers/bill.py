"""What a call to a paid provider may come to, attempt by attempt.

Belongs here: the port through which an adapter tells of its attempts, which of them nobody bills, and what a proxy
says that a call cost.
Does not belong here: prices (model.prices), and where charges are written down (building.budget).
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from http import HTTPStatus

COST_HEADER = "x-litellm-response-cost"
"""What a LiteLLM proxy says that a call cost, in US dollars."""

_COST = re.compile(r"[0-9.]{1,30}(e-?[0-9]{1,3})?")
_REFUSALS = range(300, 500)
_OVERLOADED = 529
"""Of one vendor's own: too many ask at once."""


class Bill(ABC):
    """Counts the attempts of one call, for each may be billed, whatever comes of it.

    The first is counted when an adapter is asked.
    """

    @abstractmethod
    def again(self, *, after: str) -> None:
        """Count a further attempt, before it is sent.

        Args:
            after: How the last one ended, for the error.

        Raises:
            CampaignError: BUDGET_EXCEEDED, the run cannot afford it; LEDGER_UNAVAILABLE.
        """

    @abstractmethod
    def told(self, cost_usd: float | None) -> None:
        """Take what the answer to the last attempt says that it cost, before it is looked at whether it is of use.

        Args:
            cost_usd: In US dollars; None where it does not say.
        """

    @abstractmethod
    def void(self) -> None:
        """Take the last attempt off: nobody took it up, so nobody bills it.

        Raises:
            CampaignError: LEDGER_UNAVAILABLE.
        """


class NoBill(Bill):
    """Counts nothing: for asking outside a build."""

    def again(self, *, after: str) -> None:
        """Count nothing."""

    def told(self, cost_usd: float | None) -> None:
        """Take nothing down."""

    def void(self) -> None:
        """Take nothing off."""


def is_unbilled(status: int) -> bool:
    """Tell whether an answer's status says that the request was not taken up.

    A server that failed may have failed after the work; one that ran out of time, too.

    Source:
        RFC 9110; vendors bill neither refused requests nor those that they turn away when they are overloaded.
    """
    is_refusal = status in _REFUSALS and status != HTTPStatus.REQUEST_TIMEOUT
    return is_refusal or status in {HTTPStatus.SERVICE_UNAVAILABLE, _OVERLOADED}


def told_cost_usd(headers: Mapping[str, str]) -> float | None:
    """Read what a proxy says that a call cost; None where it does not say.

    Args:
        headers: By lower-case name.
    """
    told = headers.get(COST_HEADER, "")
    try:
        cost = float(told) if _COST.fullmatch(told) else 0.0
    except ValueError:
        return None
    # It says 0 of a model whose price it does not know, too.
    return cost if cost > 0 and math.isfinite(cost) else None
