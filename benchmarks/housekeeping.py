"""Measure what gc and verify cost on a ledger of 10,000 campaigns, each built twice: long ago, and recently.

Run by hand: `.venv/bin/python benchmarks/housekeeping.py`. Rows and bytes are written straight into their places,
small but whole, so that everything verifies; then both do what `campaign gc` and `campaign verify` do. Of what
changes nothing the table gives the median of the rounds.
"""

import argparse
import hashlib
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, insert

from campaign_pipeline.building.auditor import Auditor
from campaign_pipeline.building.collector import Collector
from campaign_pipeline.model.campaign import sealed
from campaign_pipeline.model.digest import JsonObject, canonical_hash, canonical_json, content_hash
from campaign_pipeline.model.steps import STEPS
from campaign_pipeline.skills.archive import reproducible_zip
from campaign_pipeline.storage import Ledger, LocalArtifactStore
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.tables import ARTIFACT, RUN, RUN_STEP, STEP_CACHE

TENANTS = 20
BUILDS = 2
RETENTION = timedelta(days=90)
_AGES = (timedelta(days=100), timedelta(days=1))
_BATCH = 2000
_FILM = b"the one film of all campaigns"


def main() -> None:
    """Fill a folder, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaigns", type=int, default=10_000, help="how many campaigns there are (10,000)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often what changes nothing is measured (3)"
    )
    parser.add_argument(
        "--database", help="a Postgres URL of an empty database; by default SQLite is measured"
    )
    words = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="campaign-bench-") as name:
        url = words.database or f"sqlite:///{name}/ledger.db"
        store = LocalArtifactStore(Path(name) / "store")
        # In a process of its own: what filling took in memory is not what is measured.
        filling = get_context("spawn").Process(
            target=fill, args=(url, store), kwargs={"campaigns": words.campaigns}
        )
        filling.start()
        filling.join()
        if filling.exitcode:
            sys.exit(filling.exitcode)
        ledger = Ledger.open(url)
        try:
            lines = list(measure(ledger, store, rounds=words.rounds))
        finally:
            ledger.close()
    print(f"\n| {words.campaigns:,} campaigns, {BUILDS} builds each | measured |\n|---|---:|")
    for what, figure in lines:
        print(f"| {what} | {figure} |")


def measure(ledger: Ledger, store: LocalArtifactStore, *, rounds: int) -> Iterator[tuple[str, str]]:
    """Verify, rehearse, collect, and collect again; stop where one of them is not what was filled in."""

    def collector() -> Collector:
        return Collector(ledger, store, grace=timedelta(hours=1), retention=RETENTION)

    before_mb = memory_mb()
    audit, seconds = timed(lambda: Auditor(ledger, store).audit_all(), rounds=rounds)
    if audit.problems:
        sys.exit(f"what was filled in does not verify: {audit.problems[0]}")
    checked = audit.checked
    rows = ", ".join(f"{checked[name]:,} {name}" for name in ("runs", "steps", "artifacts", "blobs"))
    yield f"verify, everything ({rows})", f"{seconds:.1f} s"
    foretold, seconds = timed(lambda: collector().rehearse(), rounds=rounds)
    yield "gc, dry run", f"{seconds:.1f} s"
    done, seconds = timed(lambda: collector().collect(), rounds=1)
    if done.to_json() != {**foretold.to_json(), "dry_run": False}:
        sys.exit(f"{foretold} was foretold, and {done} done")
    what = (
        f"{done.runs_trimmed:,} runs trimmed, {done.artifacts:,} artifacts and {done.blobs:,} blobs removed"
    )
    yield f"gc ({what})", f"{seconds:.1f} s"
    again, seconds = timed(lambda: collector().collect(), rounds=rounds)
    if not again.found_nothing:
        sys.exit(f"{again} was left behind")
    yield "gc, nothing left to do", f"{seconds:.1f} s"
    yield "memory that all of it took, beyond an open ledger's", f"{memory_mb() - before_mb:.0f} MB"


def timed(work: Callable[[], Any], *, rounds: int) -> tuple[Any, float]:
    """Do something a few times, and give its last result and the median of its seconds."""
    spent, result = [], None
    for _ in range(rounds):
        began = time.perf_counter()
        result = work()
        spent.append(time.perf_counter() - began)
    return result, statistics.median(spent)


def memory_mb() -> float:
    """Tell the most memory that this process has taken so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fill(url: str, store: LocalArtifactStore, *, campaigns: int) -> None:
    """Write campaigns, each built twice without reuse; the second builds' results can be reused."""
    Ledger.open(url).close()
    now = datetime.now(UTC)
    _write(store, _FILM)
    engine = create_engine(LedgerAddress.parse(url).url)
    builds = (_build(number, age, store, now=now) for number in range(campaigns) for age in range(BUILDS))
    with engine.begin() as connection:
        while batch := list(islice(builds, _BATCH)):
            for table in (RUN, RUN_STEP, ARTIFACT, STEP_CACHE):
                rows = [row for build in batch for row in build[table.name]]
                if rows:
                    connection.execute(insert(table), rows)
        # Terminal states are reached, not begun in: the tables' own guards hold here too.
        for status in ("running", "completed"):
            for table in (RUN, RUN_STEP):
                connection.execute(table.update().values(status=status, updated_at=table.c.updated_at))
    engine.dispose()


def _build(number: int, age: int, store: LocalArtifactStore, *, now: datetime) -> dict[str, list[JsonObject]]:
    moment = now - _AGES[age]
    run_id = _id("run", number, age)
    names = {"tenant_id": f"tenant-{number % TENANTS}", "campaign_id": f"campaign-{number}"}
    times = {"created_at": moment, "updated_at": moment}
    artifacts = [
        {"id": _id(step_id, number, age), "run_id": run_id, "tenant_id": names["tenant_id"], **made, **times}
        for step_id, made in _results(f"{number} {age}", names["campaign_id"], store)
    ]
    for artifact, step in zip(artifacts, STEPS, strict=True):
        artifact |= {"skill_id": step.skill_id, "type": step.artifact_type}
    asked = {step.step_id: content_hash(f"{step.step_id} {number} {age}".encode()) for step in STEPS}
    ids = {step.step_id: artifact["id"] for step, artifact in zip(STEPS, artifacts, strict=True)}
    run = {
        "id": run_id,
        **names,
        **times,
        "workflow_name": "campaign.build",
        "workflow_version": "1.0.0",
        "trigger": {"brief": {}, "files": {"videos.intro": {"content_hash": content_hash(_FILM)}}},
        "context": {
            "refs": ids,
            "artifacts": {artifact["id"]: {"hash": artifact["content_hash"]} for artifact in artifacts},
            "computed": {"input_hashes_by_step": asked},
        },
        "root_run_id": run_id,
        "completed_at": moment,
    }
    steps = [
        {
            "id": _id("step", step.step_id, number, age),
            "run_id": run_id,
            **names,
            **times,
            "step_id": step.step_id,
            "skill_id": step.skill_id,
            "input_hash": asked[step.step_id],
            "output_artifact_ids": [ids[step.step_id]],
            "diagnostics": {"cache": {"hit": False, "reason": "first build"}},
            "completed_at": moment,
        }
        for step in STEPS
    ]
    entries = [
        {
            "id": _id("entry", step.step_id, number),
            "tenant_id": names["tenant_id"],
            "cache_key": content_hash(f"key of {step.step_id} {number}".encode()),
            "workflow_name": "campaign.build",
            "step_id": step.step_id,
            "input_hash": asked[step.step_id],
            "artifact_ids": [ids[step.step_id]],
            "scope": "global",
        }
        for step in STEPS
    ]
    newest = age == BUILDS - 1
    return {"run": [run], "run_step": steps, "artifact": artifacts, "step_cache": entries if newest else []}


def _results(seed: str, campaign_id: str, store: LocalArtifactStore) -> Iterator[tuple[str, JsonObject]]:
    """Write a build's four results, as small as they can be and still be whole."""
    config = _stored(store, canonical_json({"game": seed}), metadata={})
    music = _stored(store, hashlib.sha256(seed.encode()).digest() * 32, metadata={})
    yield "game_config", config
    yield "bgm", music
    page = seed.encode()
    checksum = canonical_hash([{"path": "index.html", "size": len(page), "sha256": content_hash(page)}])
    listed = {"path": "index.html", "size_bytes": len(page), "content_type": "text/html"}
    described = {
        "bundle_id": checksum,
        "template_id": "spin_wheel_v1",
        "version": "1.0.0",
        "created_at": "1980-01-01T00:00:00Z",
        "files": [{**listed, "checksum": content_hash(page)[7:23]}],
        "entry_point": "index.html",
        "assets": {"images": [], "audio": [], "video": [], "models": [], "configs": []},
        "checksum": checksum,
        "metadata": {"total_size_bytes": len(page), "file_count": 1, "optimizations_applied": []},
    }
    files = {"index.html": page, "bundle_manifest.json": canonical_json(described)}
    bundle = _stored(store, reproducible_zip(files, epoch=None), metadata=described)
    yield "game_bundle", bundle
    yield "campaign_manifest", _manifest(store, campaign_id, music=music, bundle=bundle)


def _manifest(
    store: LocalArtifactStore, campaign_id: str, *, music: JsonObject, bundle: JsonObject
) -> JsonObject:
    film = content_hash(_FILM)

    def asset(digest: str, kind: str) -> JsonObject:
        return {"uri": store.uri(digest), "type": kind, "checksum": digest, "required": True}

    manifest = sealed(
        {
            "campaign_id": campaign_id,
            "campaign_name": campaign_id,
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "version": "1.0.0",
            "assets": {
                **{f"{name}_video": asset(film, "video") for name in ("intro", "win", "lose")},
                "game_bundle": asset(bundle["content_hash"], "bundle"),
                "additional": [asset(music["content_hash"], "audio")],
            },
            "interaction": {"button": {}, "game_container": {}},
            "flow": {},
            "rules": {},
            "analytics": {},
            "metadata": {},
        }
    )
    references = [film, music["content_hash"], bundle["content_hash"]]
    metadata = {"checksum": manifest.checksum, "references": references}
    return _stored(store, canonical_json(manifest.to_json()), metadata=metadata)


def _stored(store: LocalArtifactStore, data: bytes, *, metadata: JsonObject) -> JsonObject:
    digest = _write(store, data)
    return {
        "uri": store.uri(digest),
        "content_hash": digest,
        "size_bytes": len(data),
        "metadata": metadata,
    }


def _write(store: LocalArtifactStore, data: bytes) -> str:
    """Put bytes in their place, without the syncs that make a store durable and take all the time."""
    digest = content_hash(data)
    path = store.root / store.uri(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    long_ago = time.time() - _AGES[0].total_seconds()
    os.utime(path, (long_ago, long_ago))
    return digest


def _id(*parts: object) -> str:
    return str(UUID(bytes=hashlib.sha256(repr(parts).encode()).digest()[:16]))


if __name__ == "__main__":
    main()
