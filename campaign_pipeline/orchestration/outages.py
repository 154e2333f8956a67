"""Dagster's own storage, when it cannot be used.

Belongs here: knowing such a failure from all others, and wording it as the ledger's outages are worded.
Does not belong here: the ledger's own outages, which have their words already (storage.database).
"""

from collections.abc import Iterator

import dagster as dg
from sqlalchemy.exc import DatabaseError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from campaign_pipeline.errors import CampaignError, ErrorCode, without_credentials

_OUTAGES = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)
_RECORDED_AS = frozenset(kind.__name__ for kind in _OUTAGES)

_GAVE_UP = "DagsterPostgresException"
"""Raised by Dagster's Postgres storage after its last attempt, from what the database said. By its name: loading its
module, where Dagster is on SQLite, would load a driver that nobody needs."""

_ADVICE = (
    "check that the storage which dagster.yaml names can be reached and written, and build again: "
    "what was made is reused"
)


def as_outage(error: BaseException | None) -> CampaignError | None:
    """Word an error that Dagster's storage lies behind; None for every other.

    The ledger gives its own outages their words where they happen, so what is left of the database's errors in this
    process is Dagster's. What is wrong for another reason than an outage stays what it is.
    """
    for cause in _causes(error):
        if isinstance(cause, CampaignError):
            return None
        # "file is not a database" comes as the bare class.
        if isinstance(cause, _OUTAGES) or type(cause) is DatabaseError:
            return _outage(_said_by(cause))
        if type(cause).__name__ == _GAVE_UP:
            return _outage(_said_by(cause.__cause__ or cause))
    return None


def outage_on_record(event: dg.DagsterEvent) -> CampaignError | None:
    """Word a step's failure as Dagster has it on record, if it is an outage: what was raised is gone by then."""
    told = event.step_failure_data.error
    while told is not None:
        if told.cls_name in _RECORDED_AS:
            # Behind the names of two classes, SQLAlchemy's and the driver's, stands what the database said.
            return _outage(told.message.partition(": ")[2].partition(") ")[2] or told.message)
        told = told.cause
    return None


def _said_by(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    return str(original) or type(original).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _outage(said: str) -> CampaignError:
    # The first line only: what follows is the statement and its parameters, which are nobody's business.
    reason = without_credentials(said.strip().partition("\n")[0]).rstrip(".:")
    message = f"Dagster's storage cannot be used: {reason}; {_ADVICE}"
    return CampaignError(ErrorCode.LEDGER_UNAVAILABLE, message, retryable=True)
