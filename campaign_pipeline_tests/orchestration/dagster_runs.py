"""Runs as Dagster has them on record, and the sensor that looks at them.

Belongs here: making such records, and letting the sensor look.
Does not belong here: what the ledger makes of them (the tests).
"""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import dagster as dg

from campaign_pipeline.orchestration.sensors import runs_that_are_over

KEY = "demo/small"
STATUS = dg.DagsterRunStatus


def launched(
    instance: dg.DagsterInstance,
    status: dg.DagsterRunStatus = STATUS.STARTED,
    *,
    job: str = "campaign_build",
    key: str | None = KEY,
    tags: dict[str, str] | None = None,
    assets: Sequence[str] | None = None,
    config: dict[str, Any] | None = None,
) -> dg.DagsterRun:
    """Let Dagster have launched a run."""
    return instance.add_run(
        dg.DagsterRun(
            job_name=job,
            run_id=str(uuid4()),
            status=status,
            tags={**({} if key is None else {"dagster/partition": key}), **(tags or {})},
            asset_selection=None if assets is None else frozenset(dg.AssetKey(name) for name in assets),
            run_config=config or {},
        )
    )


def tick(instance: dg.DagsterInstance, cursor: str | None = None) -> str:
    """Let the sensor look once, and give its new cursor."""
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    data = runs_that_are_over.evaluate_tick(context)
    assert not data.run_requests
    assert data.cursor is not None
    return data.cursor
