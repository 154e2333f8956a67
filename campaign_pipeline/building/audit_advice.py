"""What repairs what an audit found, in words that hold for the case at hand.

Belongs here: which command brings bytes back, and what is left to do where none does.
Does not belong here: finding out what is wrong (building.auditor), or repairing it: a build does, and gc.
"""

from collections.abc import Callable
from datetime import timedelta

from campaign_pipeline.building.audit_damage import Damage, UseKind
from campaign_pipeline.model.digest import ContentHash
from campaign_pipeline.model.steps import STEPS
from campaign_pipeline.storage import ArtifactRecord, Ledger, RunRecord

LEASE = "it is free by now, or will be within a minute; whoever wants it takes it"
_WAITS = "it is not served; the next build that wants it produces it again"
_ANSWER = "it is not served; the next build that sends this request asks, and pays, again"

_DATED = "json/campaign-manifest"
"""The one type of artifact whose bytes are not the same when it is made again, but with SOURCE_DATE_EPOCH."""

_DATED_SO = "it carries the time of its build, so only that SOURCE_DATE_EPOCH would make it again"


class Advice:
    """Knows the ledger, and so what a build would come to now.

    Args:
        retention: How long runs are kept after they ended; None for ever.
        place: Where in the store a blob lies.
    """

    def __init__(
        self, ledger: Ledger, *, retention: timedelta | None, place: Callable[[ContentHash], str]
    ) -> None:
        self._ledger = ledger
        self._cleaning = ledger.cleaning("verify")
        self._runs = ledger.housekeeping("verify")
        self._retention = retention
        self._place = place

    def on_damage(self, damage: Damage) -> str:
        """Say how to have a damaged blob again; or, where nothing makes it again, how to do without it."""
        kind = damage.use.kind
        if kind is UseKind.LEASE:
            return _WAITS
        if kind is UseKind.ANSWER:
            return _ANSWER
        if kind is UseKind.FILE:
            return f"{_taken_in_again(damage)}; otherwise {self._backup(damage)}"
        other = self._other_in_its_place(damage)
        if other is not None:
            there = f"run {other.run_id} made another in its place, so nothing has to be built"
            return f"{there}; {self._backup(damage)}, or do without it: {self._forgotten}"
        if kind is UseKind.ARTIFACT and damage.use.name == _DATED:
            another = f"{self._build(damage)} makes another, of its own time"
            return f"{_DATED_SO}; {self._backup(damage)}, or do without it: {another}; {self._forgotten}"
        made = f"{self._build(damage)} makes it again"
        return f"{made}; where other bytes come of it, {self._backup(damage)}"

    def on_record(self, artifact: ArtifactRecord) -> str:
        """Say what to do about an artifact whose bytes hold, and whose row or contents do not."""
        run = self._runs.find_run(artifact.run_id)
        # The row may be wrong in this too.
        by = next((f":{step.step_id}" for step in STEPS if step.skill_id == artifact.skill_id), "")
        again = "" if run is None else f"; {_build(run)} --cache refresh{by} makes and records another"
        return f"its bytes are what was stored, so look for who else writes to the tables{again}"

    def _build(self, damage: Damage) -> str:
        run, based = damage.newest_run, damage.completed_run
        if run is None:
            return "a build that wants it"
        if based is None:
            return f"{_build(run)}, where the brief is still the one of run {run.id},"
        if self._is_newest(based):
            return f"{_build(based)} (where the brief has changed since, with --base-run {based.id})"
        return f"{_build(based)} --base-run {based.id} (and, after it, one without, for the brief of today)"

    def _is_newest(self, run: RunRecord) -> bool:
        newest = self._ledger.tenant(run.tenant_id).newest_completed_run(run.campaign_id)
        return newest is not None and newest.id == run.id

    def _other_in_its_place(self, damage: Damage) -> ArtifactRecord | None:
        """Find what a later run made, of other bytes, when it was asked the same."""
        step = damage.use.step
        if damage.use.kind is not UseKind.ARTIFACT or step is None:
            return None
        newest = self._cleaning.newest_result_like(step)
        return None if newest is None or newest.content_hash == damage.content_hash else newest

    def _backup(self, damage: Damage) -> str:
        return f"put it back from a backup of the store, as {self._place(damage.content_hash)}"

    @property
    def _forgotten(self) -> str:
        """Say what becomes of a record whose bytes nothing makes again."""
        if self._retention is None:
            return "once CAMPAIGN_RETENTION is set, campaign gc forgets this one when the runs that need it are older"
        return "campaign gc forgets this one when the runs that need it are older than CAMPAIGN_RETENTION"


def _taken_in_again(damage: Damage) -> str:
    run, based = damage.newest_run, damage.completed_run
    if run is None:
        return "a build that needs this file takes it in again"
    again = f"{_build(run)} takes it in again, where the file beside the brief is still the same"
    return (
        again if based is None else f"{again} (where the brief has changed since, with --base-run {based.id})"
    )


def _build(run: RunRecord) -> str:
    return f"campaign build {run.tenant_id}/{run.campaign_id}"
