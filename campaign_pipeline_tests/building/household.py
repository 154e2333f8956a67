"""A ledger and a store in which time can pass: what the tests of housekeeping build from.

Belongs here: builds made of rows and bytes in a blink, and letting things grow old.
Does not belong here: what housekeeping should come to (the tests say that).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Table, func, select, update

from campaign_pipeline.building.collection import Collection
from campaign_pipeline.building.collector import Collector
from campaign_pipeline.model.digest import ContentHash, content_hash
from campaign_pipeline.model.steps import STEP_BY_ID, STEPS
from campaign_pipeline.storage import Ledger, LocalArtifactStore, NewArtifact, NewCacheEntry, RunRecord
from campaign_pipeline.storage.hashing import cache_key
from campaign_pipeline.storage.scopes import Scope
from campaign_pipeline.storage.tables import (
    ARTIFACT,
    LEASE,
    METADATA,
    PROVIDER_ANSWER,
    PROVIDER_CALL,
    RUN,
    RUN_STEP,
    STEP_CACHE,
)

DAY = timedelta(days=1)
LONG_AGO = timedelta(days=100)


@dataclass
class Household:
    """One ledger and one store."""

    ledger: Ledger
    store: LocalArtifactStore

    def open(
        self, key: str = "demo/small", *, files: Mapping[str, bytes] | None = None, **values: Any
    ) -> RunRecord:
        """Open a run of all steps; its files are stored and frozen in its trigger."""
        tenant_id, campaign_id = key.split("/")
        run_id = str(uuid4())
        tenant = self.ledger.tenant(tenant_id)
        tenant.open_run(
            run_id,
            workflow_name="campaign.build",
            workflow_version="1.0.0",
            campaign_id=campaign_id,
            trigger={"brief": None},
            step_ids=[step.step_id for step in STEPS],
            **{"root_run_id": run_id, **values},
        )
        stored = {name: self.store.put(data) for name, data in (files or {}).items()}
        frozen = {name: {"content_hash": blob.content_hash} for name, blob in stored.items()}
        return tenant.freeze_trigger(run_id, {"brief": {}, "files": frozen})

    def made(self, step_id: str, data: bytes, **metadata: Any) -> NewArtifact:
        """Store bytes and describe them as a step's result."""
        blob = self.store.put(data)
        return NewArtifact(
            type=STEP_BY_ID[step_id].artifact_type,
            uri=self.store.uri(blob.content_hash),
            content_hash=blob.content_hash,
            size_bytes=blob.size_bytes,
            metadata=metadata,
        )

    def produce(
        self,
        run: RunRecord,
        step_id: str,
        data: bytes,
        *,
        lifetime: timedelta | None = None,
        cached: bool = True,
        **metadata: Any,
    ) -> str:
        """Bring a step to a result of its own, and give the artifact's id."""
        tenant = self.ledger.tenant(run.tenant_id)
        asked = content_hash(b"asked of " + step_id.encode() + data)
        tenant.start_step(run.id, step_id, input_hash=asked, attempt=1)
        key = cache_key(asked, tenant_id=run.tenant_id, step_id=step_id, scope="global", root_run_id=None)
        entry = NewCacheEntry(cache_key=key, input_hash=asked, scope="global", lifetime=lifetime)
        made = tenant.publish(
            run.id,
            step_id,
            artifact=self.made(step_id, data, **metadata),
            cache=entry if cached else None,
            duration_ms=1,
            diagnostics={"read": {"data": "of " + step_id}, "cache": {"hit": False, "reason": "first build"}},
        )
        return made.id

    def build(
        self, key: str = "demo/small", data: bytes = b"", *, cached: bool = True, **values: Any
    ) -> RunRecord:
        """Bring a run to its end with four results of its own."""
        run = self.open(key, files={"videos.intro": b"film of " + data}, **values)
        for step in STEPS:
            self.produce(run, step.step_id, step.step_id.encode() + data, cached=cached)
        return self.run(run)

    def run(self, run: RunRecord) -> RunRecord:
        """Read a run as it stands now."""
        found = self.ledger.tenant(run.tenant_id).run(run.id)
        assert found is not None
        return found

    def grow_old(self, age: timedelta = LONG_AGO) -> None:
        """Let everything have happened earlier: rows, and bytes."""
        for table in METADATA.sorted_tables:
            for column in (column for column in table.columns if column.name.endswith("_at")):
                if column.name != "expires_at":
                    self._shift(table, column.name, age)
        for path in self.store.root.rglob("*"):
            if path.is_file():
                moment = path.stat().st_mtime - age.total_seconds()
                os.utime(path, (moment, moment))

    def _shift(self, table: Table, name: str, age: timedelta) -> None:
        key = list(table.primary_key)
        with self.ledger._database.write(Scope.of_housekeeping("gc")) as connection:
            for row in connection.execute(select(*key, table.c[name])).mappings().all():
                if row[name] is not None:
                    mine = [column == row[column] for column in key]
                    connection.execute(
                        update(table).where(*mine).values({**_kept(table), name: row[name] - age})
                    )

    def change(self, table: Table, *condition: Any, **values: Any) -> None:
        """Write what no code of ours would."""
        with self.ledger._database.write(Scope.of_housekeeping("gc")) as connection:
            connection.execute(update(table).where(*condition).values(**values))

    def expire(self, table: Table, ago: timedelta = LONG_AGO) -> None:
        """Let everything in a table have expired."""
        self.change(table, expires_at=datetime.now(UTC) - ago)

    def leave_result(self, run: RunRecord, data: bytes) -> None:
        """Let a run end before it could publish what it made."""
        tenant = self.ledger.tenant(run.tenant_id)
        lease = tenant.take_lease(content_hash(b"key"), subject="bgm", run_id=run.id)
        assert lease is not None
        tenant.keep_result(lease, self.made("bgm", data).to_json())
        tenant.give_back(lease)
        tenant.refuse_run(run.id, "RUN_LOST: gone")

    def rows(self) -> dict[str, int]:
        """Count every table's rows."""
        with self.ledger._database.read(Scope.of_housekeeping("gc")) as connection:
            return {
                table.name: connection.scalar(select(func.count()).select_from(table)) or 0
                for table in (RUN, RUN_STEP, ARTIFACT, STEP_CACHE, LEASE, PROVIDER_ANSWER, PROVIDER_CALL)
            }

    def has(self, data: bytes) -> bool:
        """Tell whether the store has bytes."""
        return self.store.path(content_hash(data)) is not None

    def file(self, digest: ContentHash) -> Path:
        """Tell where bytes lie."""
        return self.store.root / self.store.uri(digest)

    def collector(
        self,
        *,
        grace: timedelta = DAY,
        retention: timedelta | None = None,
        tenant_id: str | None = None,
    ) -> Collector:
        """Give a collector."""
        return Collector(self.ledger, self.store, grace=grace, retention=retention, tenant_id=tenant_id)

    def collect(self, **how: Any) -> Collection:
        """Rehearse, see that it changed nothing, collect, see that it was foretold, and that nothing is left to do."""
        collector = self.collector(**how)
        before = (self.rows(), self._files())
        foretold = collector.rehearse().to_json()
        assert (self.rows(), self._files()) == before
        done = collector.collect()
        assert done.to_json() == {**foretold, "dry_run": False}
        assert collector.collect().found_nothing
        return done

    def _files(self) -> dict[str, float]:
        return {str(path): path.stat().st_mtime for path in self.store.root.rglob("*") if path.is_file()}


def _kept(table: Table) -> dict[str, Any]:
    """Hold on to the time of change, which every update would write."""
    return {"updated_at": table.c.updated_at} if "updated_at" in table.c else {}


@pytest.fixture
def household(ledger: Ledger, tmp_path: Path) -> Household:
    """A household, once on each database."""
    return Household(ledger, LocalArtifactStore(tmp_path / "store"))
