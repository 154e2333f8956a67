"""Runs that begin from earlier ones: a base, or a chain of re-executions; they come while old runs are being removed.

Belongs here: which past runs and artifacts an active run begins from, and the lock between opening one and removing.
Does not belong here: what is past and may go (retaining), or opening (runs).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, or_, select, text

from campaign_pipeline.storage.states import ACTIVE_RUN
from campaign_pipeline.storage.tables import RUN, RUN_STEP

_LOCK = 7_231_840_047  # the next after the one of migrations
_OPENING = text(f"SELECT pg_advisory_xact_lock_shared({_LOCK})")
_REMOVING = text(f"SELECT pg_advisory_xact_lock({_LOCK})")

_ACTIVE = text(f"run.status IN ({', '.join(repr(status.value) for status in sorted(ACTIVE_RUN))})")
"""In the words of `ix_run_active`: with bound values SQLite would not see that the index answers it."""


@dataclass(frozen=True)
class Needed:
    """What active runs begin from: ids."""

    runs: frozenset[str]
    artifacts: frozenset[str]


def open_behind_removals(connection: Connection) -> None:
    """Let a run that begins from others wait for a removal under way: what it finds then stays as long as it runs."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time
        connection.execute(_OPENING)


def needed_by_active(connection: Connection) -> Needed:
    """Tell what the runs of this very moment begin from; none that does can be opened until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(_REMOVING)
    runs = connection.scalars(_ORIGINS).all()
    return Needed(runs=frozenset(runs), artifacts=_results_of(connection, runs))


def _results_of(connection: Connection, run_ids: Sequence[str]) -> frozenset[str]:
    if not run_ids:
        return frozenset()
    results = select(RUN_STEP.c.output_artifact_ids).where(RUN_STEP.c.run_id.in_(run_ids))
    return frozenset(made for ids in connection.scalars(results) for made in ids)


_ORIGIN = RUN.alias("origin")

_ORIGINS = (
    select(_ORIGIN.c.id)
    .distinct()
    .join_from(
        RUN,
        _ORIGIN,
        and_(
            # Of one campaign, always: and its runs are one index look-up.
            _ORIGIN.c.tenant_id == RUN.c.tenant_id,
            _ORIGIN.c.campaign_id == RUN.c.campaign_id,
            or_(
                _ORIGIN.c.id.in_([RUN.c.base_run_id, RUN.c.root_run_id]),
                _ORIGIN.c.root_run_id.in_([RUN.c.base_run_id, RUN.c.root_run_id]),
            ),
        ),
    )
    .where(_ACTIVE, or_(RUN.c.base_run_id.is_not(None), RUN.c.root_run_id != RUN.c.id))
)
