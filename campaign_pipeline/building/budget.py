"""What one run may cost.

Belongs here: whether a call that is about to be made fits into what is left, and writing every call down before it is
made, for the whole run at once.
Does not belong here: what a call costs (model.prices, providers), where the limit is set (settings).
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from uuid import uuid4

from campaign_pipeline.building.claims import Claims
from campaign_pipeline.building.insistence import insist
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import canonical_hash
from campaign_pipeline.model.prices import Quote
from campaign_pipeline.providers.bill import Bill
from campaign_pipeline.storage import TenantLedger

_SETTING = "CAMPAIGN_MAX_COST_USD"
_ROUNDING_USD = 1e-9
"""Sums of binary fractions are a little off: what fits exactly must not be refused for it."""


class Budget:
    """The most that a run, with all its re-executions, may spend on providers.

    Args:
        max_cost_usd: None is no limit.
    """

    def __init__(
        self, *, ledger: TenantLedger, claims: Claims, root_run_id: str, max_cost_usd: float | None
    ) -> None:
        self._ledger = ledger
        self._claims = claims
        self._root_run_id = root_run_id
        self._max_cost_usd = max_cost_usd

    @contextmanager
    def opened(self, quote: Quote, *, provider: str, after: str | None = None) -> Iterator["RunningBill"]:
        """Open the bill of a call that is about to be made, if the run can afford it.

        Under a limit, calls of one run are let through one after the other: two that each fit alone might not fit
        together.

        Args:
            after: How an earlier attempt at the same request ended, for the error; None where there was none.

        Raises:
            CampaignError: BUDGET_EXCEEDED, the call could cost more than is left, or nobody knows what it costs.
        """
        with nullcontext() if self._max_cost_usd is None else self._one_at_a_time():
            bill = RunningBill(self, quote, provider=provider)
            if after is None:
                bill.first()
            else:
                bill.again(after=after)
            yield bill

    def charge(self, quote: Quote, *, provider: str) -> str:
        """Write a call down, if the run can afford it.

        Returns:
            Its id.

        Raises:
            CampaignError: BUDGET_EXCEEDED, LEDGER_UNAVAILABLE.
        """
        if self._max_cost_usd is not None:
            self._check(quote, provider=provider, limit=self._max_cost_usd)
        call_id = str(uuid4())
        charge = partial(self._ledger.charge, call_id, root_run_id=self._root_run_id, provider=provider)
        insist(partial(charge, model=quote.model or None, most_usd=quote.most_usd))
        return call_id

    def settle(self, call_id: str, *, cost_usd: float | None) -> None:
        """Charge a call with what it cost."""
        insist(partial(self._ledger.settle, call_id, cost_usd=cost_usd))

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        of_run = {"budget_of": self._root_run_id, "tenant_id": self._ledger.tenant_id}
        lease = self._claims.claim(canonical_hash(of_run), subject="budget")
        try:
            yield
        finally:
            self._claims.give_back(lease)

    def _check(self, quote: Quote, *, provider: str, limit: float) -> None:
        if quote.most_usd is None:
            message = (
                f"{provider}: nobody knows what {quote.model or 'this model'} costs, and {_SETTING} is set"
            )
            right = f"its price in CAMPAIGN_PRICES, such as {quote.model or 'model'}={quote.price_as}, is expected"
            raise CampaignError(ErrorCode.BUDGET_EXCEEDED, f"{message}; {right}")
        spent = self._ledger.spent_usd(self._root_run_id)
        if spent + quote.most_usd > limit + _ROUNDING_USD:
            message = (
                f"{provider}: asking {quote.model} may cost ${quote.most_usd:,.4f}, and ${spent:,.4f} of the run's "
                f"${limit:,.4f} are spent, or may be"
            )
            raise CampaignError(
                ErrorCode.BUDGET_EXCEEDED, f"{message}; raise {_SETTING}, or choose a cheaper model"
            )


class RunningBill(Bill):
    """The bill of one call, in the ledger.

    Args:
        quote: What each attempt may cost.
    """

    def __init__(self, budget: Budget, quote: Quote, *, provider: str) -> None:
        self._budget = budget
        self._quote = quote
        self._provider = provider
        self._call_id: str | None = None
        self._costs_usd: list[float | None] = []
        self._unsent = 0

    @property
    def call_id(self) -> str | None:
        """The attempt that was charged last; None where it was taken off."""
        return self._call_id

    @property
    def attempts(self) -> int:
        """How many were made, whether somebody took them up or not."""
        return len(self._costs_usd) - self._unsent

    @property
    def charged_usd(self) -> float:
        """What all attempts together were charged, as far as anybody knows."""
        return math.fsum(cost for cost in self._costs_usd if cost is not None)

    @property
    def is_known(self) -> bool:
        """Whether it is known of every attempt what it was charged."""
        return None not in self._costs_usd

    def first(self) -> None:
        """Charge the first attempt.

        Raises:
            CampaignError: BUDGET_EXCEEDED, LEDGER_UNAVAILABLE.
        """
        self._call_id = self._budget.charge(self._quote, provider=self._provider)
        self._costs_usd.append(self._quote.most_usd)

    def again(self, *, after: str) -> None:
        """Charge a further attempt; see the port."""
        try:
            self.first()
        except CampaignError as error:
            if error.code is not ErrorCode.BUDGET_EXCEEDED:
                raise
            raise CampaignError(error.code, f"{after}; and to ask again, {error.message}") from None

    def void(self) -> None:
        """Take the last attempt off; see the port."""
        if self._call_id is not None:
            self._budget.settle(self._call_id, cost_usd=0.0)
            self._call_id, self._costs_usd[-1] = None, 0.0

    def told(self, cost_usd: float | None) -> None:
        """Take what the answer to the last attempt says that it cost; see the port."""
        if cost_usd is not None:
            self._costs_usd[-1] = cost_usd

    @property
    def last_usd(self) -> float | None:
        """What the last attempt counts for: as it was told, or else as it was quoted; None where nobody knows."""
        return self._costs_usd[-1]

    def withdraw(self) -> None:
        """Take the last attempt off: it was never sent."""
        self.void()
        self._unsent += 1

    def close(self) -> None:
        """Write down what an answer of no use is known to have cost."""
        if self._call_id is not None and self._costs_usd[-1] != self._quote.most_usd:
            self._budget.settle(self._call_id, cost_usd=self._costs_usd[-1])
