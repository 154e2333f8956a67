"""A ledger as it is after years: many campaigns built once, one built all the time, every result reusable.

Belongs here: filling the tables by the hundred thousand, as fast as the database takes rows.
Does not belong here: what is measured on it.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, insert

from campaign_pipeline.model.steps import STEPS
from campaign_pipeline.storage import Ledger
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.tables import ARTIFACT, RUN, RUN_STEP, STEP_CACHE

TENANTS = 20
BUSY = ("demo", "summer-spin")
"""Tenant and campaign of every fifth run: what a build of it looks up lies among thousands of its own."""

_BUSY_EVERY = 5
_BATCH = 2000
_BEGAN_AT = datetime(2020, 1, 1, tzinfo=UTC)
_BETWEEN_RUNS = timedelta(minutes=7)
_STEP_TAKES = timedelta(seconds=1)


def fill(url: str, *, cache_entries: int) -> None:
    """Make a ledger and fill it with built campaigns: one cache entry, artifact and step row each, four a run."""
    Ledger.open(url).close()
    engine = create_engine(LedgerAddress.parse(url).url)
    runs = range(-(-cache_entries // len(STEPS)))
    with engine.begin() as connection:
        for table, rows in (
            (RUN, (_run(number) for number in runs)),
            (RUN_STEP, (_step(number, place) for number in runs for place in range(len(STEPS)))),
            (ARTIFACT, (_artifact(number, place) for number in runs for place in range(len(STEPS)))),
            (STEP_CACHE, (_entry(number, place) for number in runs for place in range(len(STEPS)))),
        ):
            for batch in _batches(rows):
                connection.execute(insert(table), batch)
        # Terminal states are reached, not begun in: the tables' own guards hold here too.
        for status in ("running", "completed"):
            connection.execute(RUN.update().values(status=status))
            connection.execute(RUN_STEP.update().values(status=status))
    engine.dispose()


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _id(*parts: object) -> str:
    return str(UUID(bytes=hashlib.sha256(repr(parts).encode()).digest()[:16]))


def _hash(*parts: object) -> str:
    return f"sha256:{hashlib.sha256(repr(parts).encode()).hexdigest()}"


def _names(number: int) -> dict[str, str]:
    if number % _BUSY_EVERY == 0:
        return dict(zip(("tenant_id", "campaign_id"), BUSY, strict=True))
    return {"tenant_id": f"tenant-{number % TENANTS}", "campaign_id": f"campaign-{number}"}


def _at(number: int, steps: int) -> datetime:
    return _BEGAN_AT + number * _BETWEEN_RUNS + steps * _STEP_TAKES


def _run(number: int) -> dict[str, Any]:
    run_id = _id("run", number)
    return {
        "id": run_id,
        **_names(number),
        "workflow_name": "campaign.build",
        "workflow_version": "1.0.0",
        "trigger": {"brief": {"campaign_name": f"Campaign {number}"}, "files": {}},
        "context": {"refs": {}, "artifacts": {}, "computed": {"input_hashes_by_step": {}}},
        "root_run_id": run_id,
        "created_at": _at(number, 0),
        "started_at": _at(number, 0),
        "completed_at": _at(number, len(STEPS)),
    }


def _step(number: int, place: int) -> dict[str, Any]:
    step = STEPS[place]
    return {
        "id": _id("step", number, place),
        "run_id": _id("run", number),
        **_names(number),
        "step_id": step.step_id,
        "skill_id": step.skill_id,
        "input_hash": _hash("input", number, place),
        "output_artifact_ids": [_id("artifact", number, place)],
        "duration_ms": _STEP_TAKES // timedelta(milliseconds=1),
        "diagnostics": {"read": {"number": number}, "cache": {"hit": False}},
        "created_at": _at(number, 0),
        "started_at": _at(number, place),
        "completed_at": _at(number, place + 1),
    }


def _artifact(number: int, place: int) -> dict[str, Any]:
    digest = _hash("bytes", number, place)
    return {
        "id": _id("artifact", number, place),
        "run_id": _id("run", number),
        "tenant_id": _names(number)["tenant_id"],
        "skill_id": STEPS[place].skill_id,
        "type": STEPS[place].artifact_type,
        "uri": f"sha256/{digest[7:9]}/{digest[7:]}",
        "content_hash": digest,
        "size_bytes": 1000,
        "metadata": {"references": [_hash("bytes", number, other) for other in range(place)]},
    }


def _entry(number: int, place: int) -> dict[str, Any]:
    return {
        "id": _id("entry", number, place),
        "tenant_id": _names(number)["tenant_id"],
        "cache_key": _hash("key", number, place),
        "workflow_name": "campaign.build",
        "step_id": STEPS[place].step_id,
        "input_hash": _hash("input", number, place),
        "artifact_ids": [_id("artifact", number, place)],
        "scope": "global",
    }
