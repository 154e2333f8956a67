"""Calls to paid providers are written down once each, and add up for a run and its re-executions."""

from uuid import uuid4

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage import Ledger, TenantLedger


@pytest.fixture
def tenant(ledger: Ledger) -> TenantLedger:
    return ledger.tenant("demo")


def test_charges_of_a_run_add_up_and_are_no_other_s(ledger: Ledger, tenant: TenantLedger) -> None:
    run, other = str(uuid4()), str(uuid4())
    for cost in (0.1, 0.2, None):
        _charge(tenant, run, cost)
    _charge(tenant, other, 5.0)
    _charge(ledger.tenant("acme"), run, 7.0)

    assert tenant.spent_usd(run) == pytest.approx(0.3)
    assert tenant.spent_usd(run.upper()) == pytest.approx(0.3)
    assert (tenant.spent_usd(other), ledger.tenant("acme").spent_usd(run)) == (5.0, 7.0)
    assert tenant.spent_usd(str(uuid4())) == 0.0


def test_a_charge_that_is_told_twice_counts_once(tenant: TenantLedger) -> None:
    run = str(uuid4())
    call = _charge(tenant, run, 0.5)
    tenant.settle(call, cost_usd=0.2)

    _charge(tenant, run, 0.5, call_id=call)

    assert tenant.spent_usd(run) == 0.2


def test_nobody_settles_another_tenant_s_call(ledger: Ledger, tenant: TenantLedger) -> None:
    run = str(uuid4())
    call = _charge(tenant, run, 0.5)

    ledger.tenant("acme").settle(call, cost_usd=0.0)

    assert tenant.spent_usd(run) == 0.5


def test_a_run_that_is_no_id_is_refused(tenant: TenantLedger) -> None:
    with pytest.raises(CampaignError) as refused:
        tenant.spent_usd("summer")

    assert refused.value.code is ErrorCode.VALIDATION_ERROR


def _charge(tenant: TenantLedger, run: str, cost: float | None, *, call_id: str | None = None) -> str:
    call_id = call_id or str(uuid4())
    tenant.charge(call_id, root_run_id=run, provider="claude", model="opus", most_usd=cost)
    return call_id
