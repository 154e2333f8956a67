"""How Python values are mapped onto columns, on SQLite and on Postgres.

Belongs here: the declarative base, its column types and the names that constraints get.
Does not belong here: any table (tables).
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, MetaData, String, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeEngine

from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.storage.portable_sql import UtcTimestamp

UuidText = Annotated[str, mapped_column(String(36).with_variant(UUID(as_uuid=False), "postgresql"))]
"""A UUID in its canonical spelling, as Dagster and JSON write it; a native `uuid` on Postgres."""

UuidList = Annotated[list[str], mapped_column(JSON().with_variant(ARRAY(UUID(as_uuid=False)), "postgresql"))]
"""UUIDs in order: `uuid[]` on Postgres, a JSON array on SQLite."""

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(DeclarativeBase):
    """What the ledger's tables share."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, TypeEngine[Any]]] = {
        str: Text(),
        datetime: UtcTimestamp(),
        JsonObject: JSON().with_variant(JSONB(), "postgresql"),
    }
    # What the database fills in comes back with the statement that wrote it, not by another one.
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012  SQLAlchemy declares it as no class variable


def hash_check(column: str) -> CheckConstraint:
    """Hold a column to `sha256:` and 64 lower-case hex digits, in words that both databases know."""
    digits = f"ltrim(substr({column}, 8), '0123456789abcdef') = ''"
    return CheckConstraint(
        f"length({column}) = 71 AND substr({column}, 1, 7) = 'sha256:' AND {digits}",
        name=f"{column}_is_a_hash",
    )


def choice_check(column: str, choices: type[Any] | tuple[str, ...]) -> CheckConstraint:
    """Hold a column to a closed set of words."""
    words = ", ".join(f"'{choice}'" for choice in choices)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_is_known")
