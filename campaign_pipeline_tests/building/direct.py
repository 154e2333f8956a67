"""Builds without Dagster: the same steps in the same order, in a blink, for tests of what is decided about them.

Belongs here: a folder with briefs, a ledger on either database, and one call that builds.
Does not belong here: how Dagster runs steps (end_to_end).
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.calls import (
    bgm_call,
    campaign_manifest_call,
    game_bundle_call,
    game_config_call,
)
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.building.order import RunOrder
from campaign_pipeline.building.planning import CampaignPlan, opened_planner, order_of
from campaign_pipeline.model.steps import STEPS
from campaign_pipeline.settings import Settings
from campaign_pipeline.storage import StepRecord
from campaign_pipeline_tests.workplace import Workplace

KEY = "demo/small"
CAMPAIGN = CampaignKey.parse(KEY, source="test")

_CALLS = {
    "game_config": game_config_call,
    "bgm": bgm_call,
    "game_bundle": game_bundle_call,
    "campaign_manifest": campaign_manifest_call,
}


@dataclass
class Direct:
    """A workplace whose campaigns are built in this process, step by step."""

    place: Workplace
    env: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The environment that such a folder stands for."""
        places = {
            "CAMPAIGN_DATABASE_URL": self.place.ledger_url,
            "CAMPAIGN_STORE_URL": str(self.place.store),
            "CAMPAIGN_BRIEFS_DIR": str(self.place.root / "briefs"),
        }
        return Settings({**places, **self.env})

    def order(self, **trigger: Any) -> RunOrder:
        """Word an order of the small campaign."""
        return order_of(CAMPAIGN, **trigger)

    def plan(self, **trigger: Any) -> CampaignPlan:
        """Plan the small campaign."""
        with opened_planner(self.settings) as planner:
            return planner.plan(self.order(**trigger))

    def build(self, **trigger: Any) -> dict[str, StepRecord]:
        """Build the small campaign, and give its steps as the ledger has them then."""
        return self.run(self.order(**trigger))

    def run(self, order: RunOrder) -> dict[str, StepRecord]:
        """Carry an order out."""
        with closing(Builder(self.settings)) as builder:
            for step in STEPS:
                take_step(builder, order, step.step_id)
            return {step.step_id: step for step in builder.ledger.tenant("demo").steps(order.run_id)}


def take_step(builder: Builder, order: RunOrder, step_id: str) -> None:
    """Run one step as its asset and the IO manager do."""
    build = builder.open(order)
    [step] = [step for step in STEPS if step.step_id == step_id]
    inputs: Mapping[str, Any] = {
        name: builder.load(tenant_id="demo", campaign_id="small", step_id=name, run_id=order.run_id)
        for name in step.upstream
    }
    call: Any = _CALLS[step_id]
    builder.publish(build.run_step(call(build.surroundings, **inputs), attempt=1))


@pytest.fixture
def direct(ledger_url: str, tmp_path: Path) -> Direct:
    """A folder with one small brief, once on each database; nothing is built yet."""
    url = ledger_url if ledger_url.startswith("postgres") else f"sqlite:///{tmp_path}/.campaign/ledger.db"
    place = Workplace(tmp_path, url)
    place.write_brief(KEY)
    return Direct(place)
