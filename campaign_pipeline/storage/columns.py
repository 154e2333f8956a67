"""What the tables' columns are made of, on SQLite and on Postgres.

Belongs here: how ids and JSON are kept, enums as text, and the checks that hold a column to its form.
Does not belong here: any table (tables), or times, which the database's clock writes (portable_sql).
"""

from collections.abc import Iterable

from sqlalchemy import JSON, CheckConstraint, Enum, String
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from campaign_pipeline.storage.states import RunStatus, RunStepStatus

UUID_TEXT = String(36).with_variant(UUID(as_uuid=False), "postgresql")
"""A UUID in its canonical spelling, as Dagster and JSON write it; a native `uuid` on Postgres."""

UUID_LIST = JSON().with_variant(ARRAY(UUID(as_uuid=False)), "postgresql")
"""UUIDs in order: `uuid[]` on Postgres, a JSON array on SQLite."""

JSON_OBJECT = JSON().with_variant(JSONB(), "postgresql")
"""A JSON object: `jsonb` on Postgres, text on SQLite."""


def text_of(enum: type[RunStatus | RunStepStatus]) -> Enum:
    """Keep an enum as the text of its value; the table's own check names the choices."""
    return Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


def hash_check(column: str) -> CheckConstraint:
    """Hold a column to `sha256:` and 64 lower-case hex digits, in words that both databases know."""
    digits = f"ltrim(substr({column}, 8), '0123456789abcdef') = ''"
    return CheckConstraint(
        f"length({column}) = 71 AND substr({column}, 1, 7) = 'sha256:' AND {digits}",
        name=f"{column}_is_a_hash",
    )


def choice_check(column: str, choices: Iterable[str]) -> CheckConstraint:
    """Hold a column to a closed set of words."""
    words = ", ".join(f"'{choice}'" for choice in choices)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_is_known")
