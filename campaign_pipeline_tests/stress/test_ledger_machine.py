"""Whatever is done to a ledger, in whatever order and however often, no row leaves the contract's states."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, delete, select, text

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import content_hash
from campaign_pipeline.storage import Lease, LeaseLostError, Ledger, RunStatus, TenantLedger
from campaign_pipeline.storage.hashing import cache_key
from campaign_pipeline.storage.reconciling import ActiveRun, Ending
from campaign_pipeline.storage.states import (
    RUN_TRANSITIONS,
    STEP_TRANSITIONS,
    IllegalTransitionError,
    RunStepStatus,
)
from campaign_pipeline.storage.tables import ARTIFACT, LEASE, METADATA, RUN, RUN_STEP
from campaign_pipeline_tests.storage.building import ALL_STEPS, artifact_of, entry_for, hash_of, open_run
from campaign_pipeline_tests.stress.audit import broken_rules
from campaign_pipeline_tests.stress.site import Size

TENANTS = ("acme", "demo")
OTHER_HASH = content_hash(b"asked something else")

steps = st.sampled_from(ALL_STEPS)
tenants = st.sampled_from(TENANTS)


@dataclass(frozen=True)
class Handle:
    """A run, and the tenant that opened it."""

    tenant_id: str
    run_id: str


@dataclass(frozen=True)
class Held:
    """A lease, and for which step and run it was taken."""

    run: Handle
    step_id: str
    lease: Lease


@dataclass
class Sight:
    """What was seen of the tables last."""

    runs: dict[str, str] = field(default_factory=dict)
    steps: dict[str, str] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=dict)


class LedgerMachine(RuleBasedStateMachine):
    """Two tenants, their runs, and everything that a ledger can be told of them."""

    runs: Bundle[Handle] = Bundle("runs")
    leases: Bundle[Held] = Bundle("leases")
    ledger: Ledger

    def __init__(self) -> None:
        super().__init__()
        self.sight = Sight()

    def of(self, run: Handle) -> TenantLedger:
        return self.ledger.tenant(run.tenant_id)

    @initialize(target=runs)
    def empty(self) -> MultipleResults[Handle]:
        with self.ledger._database.write_as_login() as connection:
            if connection.dialect.name == "postgresql":
                names = ", ".join(f'"{table.name}"' for table in METADATA.sorted_tables)
                connection.execute(text(f"TRUNCATE {names}"))
            else:
                for table in reversed(METADATA.sorted_tables):
                    connection.execute(delete(table))
        opened = [Handle(name, open_run(self.ledger.tenant(name)).id) for name in (*TENANTS, "demo")]
        return multiple(*opened)

    @rule(target=runs, tenant_id=tenants, step_ids=st.sets(steps, min_size=1))
    def open(self, tenant_id: str, step_ids: set[str]) -> Handle:
        return Handle(tenant_id, open_run(self.ledger.tenant(tenant_id), step_ids=tuple(sorted(step_ids))).id)

    @rule(run=runs, tenant_id=tenants, step_id=steps)
    def open_again(self, run: Handle, tenant_id: str, step_id: str) -> None:
        with refusals(expected=run.tenant_id != tenant_id):
            open_run(self.ledger.tenant(tenant_id), run_id=run.run_id, step_ids=(step_id,))

    @rule(run=runs, template=st.sampled_from(["a", "b"]))
    def freeze(self, run: Handle, template: str) -> None:
        frozen = self.of(run).freeze_trigger(run.run_id, {"brief": {}, "template_id": template})
        again = self.of(run).freeze_trigger(run.run_id, {"brief": {}, "template_id": "late"})
        assert again.trigger == frozen.trigger

    @rule(run=runs, step_id=steps, other=st.booleans())
    def hash_step(self, run: Handle, step_id: str, other: bool) -> None:  # noqa: FBT001  drawn, not written
        with refusals():
            self.of(run).hash_step(run.run_id, step_id, OTHER_HASH if other else hash_of(step_id))

    @rule(run=runs, step_id=steps, attempt=st.integers(1, 3))
    def start(self, run: Handle, step_id: str, attempt: int) -> None:
        with refusals():
            self.of(run).start_step(run.run_id, step_id, input_hash=hash_of(step_id), attempt=attempt)

    @rule(run=runs, step_id=steps)
    def hit(self, run: Handle, step_id: str) -> None:
        entry = self.of(run).cache_entry(entry_for(self.of(run), step_id).cache_key)
        if entry is None or entry.artifact is None:
            return
        assert entry.artifact.tenant_id == run.tenant_id
        with refusals():
            self.of(run).record_hit(
                run.run_id, step_id, input_hash=hash_of(step_id), artifacts=[entry.artifact.id]
            )

    @rule(run=runs, of=runs, step_id=steps)
    def hit_with_another_tenants(self, run: Handle, of: Handle, step_id: str) -> None:
        if run.tenant_id == of.tenant_id:
            return
        self.produce(of, step_id)
        found = self.of(of).step_artifact(of.run_id, step_id)
        if found is None:
            return
        before = self.of(run).step_artifact(run.run_id, step_id)
        with refusals():
            self.of(run).record_hit(run.run_id, step_id, input_hash=hash_of(step_id), artifacts=[found.id])
        assert self.of(run).step_artifact(run.run_id, step_id) == before

    @rule(run=runs, step_id=steps, data=st.sampled_from([b"one", b"other"]), cached=st.booleans())
    def publish(self, run: Handle, step_id: str, data: bytes, cached: bool) -> None:  # noqa: FBT001  drawn
        ledger = self.of(run)
        with refusals():
            ledger.publish(
                run.run_id,
                step_id,
                artifact=artifact_of(step_id, data=data),
                cache=entry_for(ledger, step_id) if cached else None,
                duration_ms=1,
            )

    @rule(run=runs, step_id=steps)
    def produce(self, run: Handle, step_id: str) -> None:
        self.start(run, step_id, attempt=1)
        self.publish(run, step_id, data=b"one", cached=True)

    @rule(run=runs, step_id=steps, begun=st.booleans())
    def fail(self, run: Handle, step_id: str, begun: bool) -> None:  # noqa: FBT001  drawn
        if begun:
            self.start(run, step_id, attempt=1)
        with refusals():
            self.of(run).fail_step(run.run_id, step_id, error="GENERATION_FAILED: no use")

    @rule(run=runs, step_id=steps)
    def note(self, run: Handle, step_id: str) -> None:
        with refusals():
            self.of(run).note_step(run.run_id, step_id, diagnostics={"noted": True})

    @rule(run=runs)
    def refuse(self, run: Handle) -> None:
        with refusals():
            self.of(run).refuse_run(run.run_id, "MISSING_ASSET: videos.intro: not there")

    @rule(run=runs)
    def beat(self, run: Handle) -> None:
        self.of(run).beat(run.run_id)

    @rule(run=runs)
    def step_back(self, run: Handle) -> None:
        self.of(run).step_back(run.run_id)

    @rule(run=runs, status=st.sampled_from([RunStatus.FAILED, RunStatus.CANCELLED]))
    def end(self, run: Handle, status: RunStatus) -> None:
        active = self.ledger.housekeeping("reconcile").active_run(run.run_id)
        if active is None:
            return

        def judge(_: ActiveRun) -> Ending:
            code = ErrorCode.RUN_LOST if status is RunStatus.FAILED else ErrorCode.CANCELLED
            return Ending(status=status, error=f"{code.value}: over")  # type: ignore[arg-type]  # one of the two

        ended = self.ledger.housekeeping("reconcile").end_run(active.run, judge=judge)
        assert ended is not None
        again = self.ledger.housekeeping("reconcile").end_run(active.run, judge=judge)
        assert again is None

    @rule(target=leases, run=runs, step_id=steps)
    def take(self, run: Handle, step_id: str) -> Held | MultipleResults[Held]:
        return self.taken(run, step_id) or multiple()

    @rule(target=leases, run=runs, step_id=steps)
    def work(self, run: Handle, step_id: str) -> Held | MultipleResults[Held]:
        self.start(run, step_id, attempt=1)
        held = self.taken(run, step_id)
        if held is None:
            return multiple()
        self.keep(held)
        return held

    @rule(run=runs, step_id=steps)
    def come_back_too_late(self, run: Handle, step_id: str) -> None:
        self.start(run, step_id, attempt=1)
        held = self.taken(run, step_id)
        if held is not None:
            self.another_process_takes_over(held)
            self.publish_under_a_lease(held)

    def taken(self, run: Handle, step_id: str) -> Held | None:
        key = cache_key(hash_of(step_id), tenant_id=run.tenant_id, step_id=step_id, scope="global")
        lease = self.of(run).take_lease(key, subject=step_id, run_id=run.run_id)
        return None if lease is None else Held(run, step_id, lease)

    @rule(held=leases)
    def another_process_takes_over(self, held: Held) -> None:
        """Do what a take-over does to a holder that was out of touch."""
        with self.ledger._database.write_as_login() as connection:
            see_all(connection)
            stolen = LEASE.update().where(LEASE.c.lease_key == held.lease.key)
            connection.execute(stolen.values(holder=str(uuid4()), worker_pid=1))

    @rule(held=leases)
    def keep(self, held: Held) -> None:
        with refusals():
            self.of(held.run).keep_result(
                held.lease, {**artifact_of(held.step_id).to_json(), "made_by_run": held.run.run_id}
            )

    @rule(held=leases)
    def drop(self, held: Held) -> None:
        with refusals():
            self.of(held.run).drop_result(held.lease)

    @rule(held=leases)
    def renew(self, held: Held) -> None:
        self.of(held.run).renew_leases([held.lease.holder])

    @rule(held=leases)
    def give_back(self, held: Held) -> None:
        self.of(held.run).give_back(held.lease)
        assert self.holder(held) != held.lease.holder

    @rule(held=consumes(leases))
    def publish_under_a_lease(self, held: Held) -> None:
        ledger, rightful = self.of(held.run), self.holder(held) == held.lease.holder
        before = self.sight.published.get(f"{held.run.run_id} {held.step_id}")
        with refusals():
            ledger.publish(
                held.run.run_id,
                held.step_id,
                artifact=artifact_of(held.step_id),
                cache=entry_for(ledger, held.step_id),
                duration_ms=1,
                lease=held.lease,
            )
            assert rightful or before is not None, "published under a lease that another holds"

    def holder(self, held: Held) -> str | None:
        with self.ledger._database.write_as_login() as connection:
            see_all(connection)
            found: str | None = connection.scalar(
                select(LEASE.c.holder).where(LEASE.c.lease_key == held.lease.key)
            )
            return found

    @invariant()
    def the_contract_holds(self) -> None:
        with self.ledger._database.write_as_login() as connection:
            see_all(connection)
            broken = broken_rules(connection)
            now = seen(connection)
        assert broken == []
        for run_id, status in now.runs.items():
            check_way(self.sight.runs.get(run_id), status, RUN_TRANSITIONS, shortest=RunStatus.QUEUED)
        for step, status in now.steps.items():
            check_way(self.sight.steps.get(step), status, STEP_TRANSITIONS, shortest=RunStepStatus.PENDING)
        # What was published stays what it was.
        assert now.published.items() >= self.sight.published.items()
        self.sight = now


@contextmanager
def refusals(*, expected: bool | None = None) -> Iterator[None]:
    """Let the ledger refuse in its own words; anything else that is raised is a fault."""
    refused: CampaignError | None = None
    try:
        yield
    except CampaignError as error:
        refused = error
    own = (IllegalTransitionError, LeaseLostError)
    assert refused is None or isinstance(refused, own) or refused.code is ErrorCode.VALIDATION_ERROR
    assert expected in (None, refused is not None), refused


def see_all(connection: Connection) -> None:
    """Look past row-level security, which holds the tables' owner too."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT set_config('campaign.purpose', 'verify', true)"))


def seen(connection: Connection) -> Sight:
    outputs = select(RUN_STEP.c.run_id, RUN_STEP.c.step_id, RUN_STEP.c.status, RUN_STEP.c.output_artifact_ids)
    rows = connection.execute(outputs).all()
    hashes = dict(connection.execute(select(ARTIFACT.c.id, ARTIFACT.c.content_hash)).tuples().all())
    return Sight(
        runs=dict(connection.execute(select(RUN.c.id, RUN.c.status)).tuples().all()),
        steps={f"{row.run_id} {row.step_id}": row.status for row in rows},
        published={
            f"{row.run_id} {row.step_id}": hashes[row.output_artifact_ids[0]]
            for row in rows
            if row.output_artifact_ids
        },
    )


def check_way(
    before: str | None,
    after: str,
    allowed: Mapping[Any, frozenset[Any]],
    *,
    shortest: str,
) -> None:
    """One call may make several moves, each of them legal: there must be a way from the one to the other."""
    reached, todo = {before or shortest}, [before or shortest]
    while todo:
        for following in allowed[todo.pop()]:
            if following not in reached:
                reached.add(following)
                todo.append(following)
    assert after in reached, f"{before} became {after}"


def test_no_sequence_of_calls_brings_a_ledger_outside_the_contract(
    ledger: Ledger, size: Size, figure: Callable[[str, object], None]
) -> None:
    examples, length = size.of(sample=20, full=400), size.of(sample=30, full=60)
    machine = type("LedgerMachine", (LedgerMachine,), {"ledger": ledger})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=length,
            derandomize=not size.is_full,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    figure("sequences of up to that many calls", (examples, length))
