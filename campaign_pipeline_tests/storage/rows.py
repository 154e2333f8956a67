"""Rows of every table as plain SQL makes them, whatever revision the schema is of.

Belongs here: one tenant's rows with all that is hard to keep (JSON, arrays, times, NULLs), and writing them without
the ledger.
Does not belong here: rows that the ledger makes (building).
"""

import json
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from sqlalchemy import Connection, inspect

from campaign_pipeline.model.digest import ContentHash, content_hash

Row = dict[str, Any]
Rows = dict[str, list[Row]]

MADE_AT = datetime(2026, 2, 3, 10, 11, 12, 123456, tzinfo=UTC)
NASTY = {
    "brief": {"copy": {"title": '100 % «fun»: it\'s a "wheel" \\ 轮 🎡', "empty": ""}, "none": None},
    "numbers": [0.1, -0.0, 1e-7, 2**53, True],
    "nested": {"a": [{}, [], [[]]]},
}
_WAYS = {
    "run": {"running": ["running"], "completed": ["running", "completed"], "failed": ["running", "failed"]},
    "run_step": {"skipped": ["skipped"], "running": ["running"], "completed": ["running", "completed"]},
}
_BEGINS = {"run": "queued", "run_step": "pending"}


def id_of(tenant_id: str, name: str) -> str:
    """Give what a tenant's row is called: the same at every call."""
    return str(uuid5(NAMESPACE_DNS, f"{name}.{tenant_id}"))


def hash_of(tenant_id: str, name: str) -> ContentHash:
    """Give a hash of a tenant's: the same at every call."""
    return content_hash(f"{name} of {tenant_id}".encode())


def rows_of(tenant_id: str) -> Rows:
    """Give one tenant's rows by table, in the order in which they refer to each other.

    A column without which the newest schema cannot do has its value here.
    """
    ended, going, artifact = (id_of(tenant_id, name) for name in ("ended", "going", "artifact"))
    digest = hash_of(tenant_id, "artifact")
    times = {"created_at": MADE_AT, "updated_at": MADE_AT + timedelta(seconds=5)}
    run = {"tenant_id": tenant_id, "campaign_id": "summer", "workflow_version": "1.0.0", **times}
    worker = {"worker_host": "host", "worker_pid": 4711, "worker_started_at": MADE_AT}
    step = {"run_id": ended, "tenant_id": tenant_id, "campaign_id": "summer", "attempt": 1, **times}
    entry = {
        "tenant_id": tenant_id,
        "workflow_name": "campaign.build",
        "scope": "global",
        "created_at": MADE_AT,
    }
    bgm = {"step_id": "bgm", "skill_id": "generate_bgm_track", "input_hash": hash_of(tenant_id, "bgm")}
    return {
        "run": [
            {
                **run,
                "id": ended,
                "workflow_name": "campaign.build",
                "status": "completed",
                "trigger": NASTY,
                "trigger_frozen_at": MADE_AT,
                "context": {"refs": {"bgm": artifact}, "artifacts": {}, "computed": NASTY},
                "root_run_id": ended,
                "heartbeat_at": MADE_AT,
                "started_at": MADE_AT,
                "completed_at": MADE_AT + timedelta(microseconds=1),
                **worker,
            },
            {
                **run,
                "id": going,
                "workflow_name": "campaign.update_audio",
                "status": "running",
                "trigger": {},
                "context": {"refs": {}, "artifacts": {}, "computed": {"input_hashes_by_step": {}}},
                "base_run_id": ended,
                "root_run_id": going,
                "started_at": MADE_AT,
            },
        ],
        "run_step": [
            {
                **step,
                **bgm,
                "id": id_of(tenant_id, "ended bgm"),
                "status": "completed",
                "output_artifact_ids": [artifact],
                "cache_hit": False,
                "duration_ms": 0,
                "diagnostics": NASTY,
                "started_at": MADE_AT,
                "completed_at": MADE_AT,
            },
            {
                **step,
                "id": id_of(tenant_id, "ended bundle"),
                "step_id": "game_bundle",
                "skill_id": "bundle_game_template",
                "status": "skipped",
                "output_artifact_ids": [],
                "cache_hit": False,
                "error": "waited for bgm: it's 100 % over",
                "diagnostics": {},
            },
            {
                **step,
                **bgm,
                "id": id_of(tenant_id, "going bgm"),
                "run_id": going,
                "status": "running",
                "output_artifact_ids": [],
                "cache_hit": False,
                "attempt": 3,
                "diagnostics": {},
                "started_at": MADE_AT,
            },
        ],
        "artifact": [
            {
                "id": artifact,
                "run_id": ended,
                "tenant_id": tenant_id,
                "skill_id": "generate_bgm_track",
                "type": "audio/bgm",
                "uri": f"sha256/{digest[7:9]}/{digest[7:]}",
                "content_hash": digest,
                "size_bytes": 2**40,
                "filename": "größe.mp3",
                "metadata": {"references": [digest], "durationSec": 10.5},
                **times,
            }
        ],
        "step_cache": [
            {
                **entry,
                "id": id_of(tenant_id, "entry"),
                "step_id": "bgm",
                "input_hash": hash_of(tenant_id, "bgm"),
                "cache_key": hash_of(tenant_id, "key"),
                "artifact_ids": [artifact],
            },
            {
                **entry,
                "id": id_of(tenant_id, "expired"),
                "step_id": "game_bundle",
                "input_hash": hash_of(tenant_id, "bundle"),
                "cache_key": hash_of(tenant_id, "expired key"),
                "artifact_ids": [artifact, ended],
                "scope": "run_only",
                "expires_at": MADE_AT + timedelta(days=1),
            },
        ],
        "lease": [
            {
                "lease_key": hash_of(tenant_id, "lease"),
                "tenant_id": tenant_id,
                "subject": "bgm",
                "run_id": ended,
                "expires_at": MADE_AT,
                "result": NASTY,
                **times,
            }
        ],
        "provider_answer": [
            {
                "tenant_id": tenant_id,
                "request_hash": hash_of(tenant_id, "request"),
                "provider": "stub",
                "root_run_id": ended,
                "content_hash": digest,
                "size_bytes": 7,
                "details": NASTY,
                "created_at": MADE_AT,
                "expires_at": MADE_AT + timedelta(days=30),
            }
        ],
        "provider_call": [
            {
                "id": id_of(tenant_id, "call"),
                "tenant_id": tenant_id,
                "root_run_id": ended,
                "provider": "stub",
                "model": "größe/1",
                "cost_usd": 0.1,
                **times,
            }
        ],
    }


def insert_rows(connection: Connection, rows: Rows) -> Rows:
    """Write rows into the tables and columns that this schema has, states in the order in which they may follow.

    Returns:
        What was written: the rows without what the schema does not know.
    """
    inspector, written = inspect(connection), Rows()
    for table in rows:
        if not inspector.has_table(table):
            continue
        known = {column["name"] for column in inspector.get_columns(table)}
        written[table] = [{name: row[name] for name in row if name in known} for row in rows[table]]
        for row in written[table]:
            _insert(connection, table, row)
    return written


def _insert(connection: Connection, table: str, row: Mapping[str, Any]) -> None:
    begun = {**row, "status": _BEGINS[table]} if table in _BEGINS else row
    dialect = connection.dialect.name
    names = ", ".join(f'"{name}"' for name in begun)
    values = ", ".join(literal(value, dialect) for value in begun.values())
    run_plainly(connection, f"INSERT INTO {table} ({names}) VALUES ({values})")  # noqa: S608  values of ours
    for status in _WAYS.get(table, {}).get(row.get("status", ""), []):
        run_plainly(connection, f"UPDATE {table} SET status = '{status}' WHERE id = '{row['id']}'")  # noqa: S608


def run_plainly(connection: Connection, statement: str) -> None:
    """Run a statement as it stands: no parameters, and nothing in it has a meaning for SQLAlchemy."""
    driver: Any = connection.connection.driver_connection
    with closing(driver.cursor()) as cursor:
        cursor.execute(statement)


def literal(value: Any, dialect: str) -> str:
    """Spell a value as a person would in SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime):
        text = value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    elif isinstance(value, list) and dialect == "postgresql":
        text = "{" + ",".join(value) + "}"
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "'" + text.replace("'", "''") + "'"
