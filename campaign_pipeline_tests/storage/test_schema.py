"""The schema: what the migrations make is what the models say, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Inspector, create_engine, inspect
from sqlalchemy.engine.interfaces import ReflectedColumn, ReflectedIndex

from campaign_pipeline.storage import Ledger
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.schema import HEAD, MIGRATIONS
from campaign_pipeline.storage.tables import METADATA, VERSION_TABLE
from campaign_pipeline_tests.databases import PostgresServer

TABLES = {"run", "run_step", "artifact", "step_cache", "lease", "provider_answer", "provider_call"}


@pytest.fixture
def second_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def migrated(ledger: Ledger) -> Iterator[Connection]:
    with ledger._database._engine.connect() as connection:
        yield connection


def test_the_revision_that_openings_look_for_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_migrations_make_what_the_models_say(migrated: Connection) -> None:
    context = MigrationContext.configure(
        migrated, opts={"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
    )

    assert compare_metadata(context, METADATA) == []


def test_the_migrations_make_the_constraints_and_columns_that_the_models_say(
    migrated: Connection, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Alembic compares neither checks nor the order of columns."""
    made = _described(inspect(migrated))
    url = f"sqlite:///{tmp_path}/models.db" if migrated.dialect.name == "sqlite" else _second_url(request)
    engine = create_engine(LedgerAddress.parse(url).url)
    METADATA.create_all(engine)

    said = _described(inspect(engine))

    engine.dispose()
    assert made == said
    assert set(made) == TABLES


def test_every_constraint_has_a_name(migrated: Connection) -> None:
    inspector = inspect(migrated)

    names = [
        constraint["name"]
        for table in TABLES
        for constraint in (
            inspector.get_pk_constraint(table),
            *inspector.get_foreign_keys(table),
            *inspector.get_unique_constraints(table),
            *inspector.get_check_constraints(table),
        )
    ]

    assert len(names) == len(set(names)) >= 15
    assert None not in names


def test_the_ledger_keeps_its_version_apart_from_dagster_s(migrated: Connection) -> None:
    assert set(inspect(migrated).get_table_names()) == {*TABLES, VERSION_TABLE}


def _second_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("second_postgres_url")
    return url


def _described(inspector: Inspector) -> dict[str, dict[str, Any]]:
    return {
        table: {
            "columns": [_column(column) for column in inspector.get_columns(table)],
            "checks": {check["name"]: check["sqltext"] for check in inspector.get_check_constraints(table)},
            "keys": inspector.get_foreign_keys(table),
            "uniques": sorted(str(unique) for unique in inspector.get_unique_constraints(table)),
            "indexes": sorted(_spelled(index) for index in inspector.get_indexes(table)),
        }
        for table in inspector.get_table_names()
        if table != VERSION_TABLE
    }


def _column(column: ReflectedColumn) -> tuple[str, str, bool, str | None]:
    return column["name"], str(column["type"]), column["nullable"], column.get("comment")


def _spelled(index: ReflectedIndex) -> str:
    conditions = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return str({**index, "dialect_options": conditions})
