"""What one run may cost.

Belongs here: whether a call that is about to be made fits into what is left, judged for the whole run at once.
Does not belong here: what a call costs (model.prices, providers), where the limit is set (settings).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from campaign_pipeline.building.claims import Claims
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import canonical_hash
from campaign_pipeline.model.prices import Quote
from campaign_pipeline.storage import TenantLedger

_SETTING = "CAMPAIGN_MAX_COST_USD"


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
        self._paid_here_usd = 0.0
        # A call that broke off may have been billed all the same.
        self._maybe_billed_usd = 0.0

    @contextmanager
    def allowing(self, quote: Quote, *, provider: str) -> Iterator[None]:
        """Let a call be made, and its answer recorded, if the run can afford it.

        Calls of one run are let through one after the other: two that each fit alone might not fit together.

        Raises:
            CampaignError: BUDGET_EXCEEDED, the call could cost more than is left, or nobody knows what it costs.
        """
        if self._max_cost_usd is None:
            yield
            return
        of_run = {"budget_of": self._root_run_id, "tenant_id": self._ledger.tenant_id}
        lease = self._claims.claim(canonical_hash(of_run), subject="budget")
        try:
            self._check(quote, provider=provider, limit=self._max_cost_usd)
            with self._counting_what_breaks_off(quote):
                yield
        finally:
            self._claims.give_back(lease)

    def paid(self, cost_usd: float) -> None:
        """Count what a call has cost, whatever becomes of the row that says so."""
        self._paid_here_usd += cost_usd

    @contextmanager
    def _counting_what_breaks_off(self, quote: Quote) -> Iterator[None]:
        try:
            yield
        except CampaignError as error:
            if error.code is ErrorCode.PROVIDER_ERROR:
                self._maybe_billed_usd += quote.most_usd or 0.0
            raise

    def _check(self, quote: Quote, *, provider: str, limit: float) -> None:
        if quote.most_usd is None:
            message = (
                f"{provider}: nobody knows what {quote.model or 'this model'} costs, and {_SETTING} is set"
            )
            right = f"its price in CAMPAIGN_PRICES, such as {quote.model or 'model'}=3/15, is expected"
            raise CampaignError(ErrorCode.BUDGET_EXCEEDED, f"{message}; {right}")
        recorded = self._ledger.spent_usd(self._root_run_id)
        spent = max(recorded, self._paid_here_usd) + self._maybe_billed_usd
        if spent + quote.most_usd > limit:
            message = (
                f"{provider}: asking {quote.model} may cost ${quote.most_usd:,.4f}, and ${spent:,.4f} of the run's "
                f"${limit:,.4f} are spent, or may be"
            )
            raise CampaignError(
                ErrorCode.BUDGET_EXCEEDED, f"{message}; raise {_SETTING}, or choose a cheaper model"
            )
