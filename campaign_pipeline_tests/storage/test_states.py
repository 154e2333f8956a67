"""The state machine: the contract's transitions and no others, by the code and by the database itself."""

from itertools import product
from uuid import UUID, uuid4

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.exc import IntegrityError

from campaign_pipeline.storage import IllegalTransitionError, Ledger, RunStatus, RunStepStatus
from campaign_pipeline.storage.locked_rows import LockedRows
from campaign_pipeline.storage.states import RUN_TRANSITIONS, STEP_TRANSITIONS, check_transition
from campaign_pipeline.storage.tables import RUN, RUN_STEP
from campaign_pipeline_tests.storage.building import hash_of, open_run

RUN_MOVES: dict[str, set[str]] = {
    "queued": {"running", "cancelled"},
    "running": {"completed", "failed", "cancelled"},
    "completed": set(),
    "failed": set(),
    "cancelled": set(),
}
STEP_MOVES: dict[str, set[str]] = {
    "pending": {"running", "skipped"},
    "running": {"completed", "failed"},
    "completed": set(),
    "failed": set(),
    "skipped": set(),
}
RUN_WAYS = {"completed": ["running"], "failed": ["running"]}
STEP_WAYS = {"completed": ["running"], "failed": ["running"]}


def test_the_code_s_transitions_are_the_contract_s() -> None:
    assert {str(old): set(new) for old, new in RUN_TRANSITIONS.items()} == {"None": {"queued"}, **RUN_MOVES}
    assert {str(old): set(new) for old, new in STEP_TRANSITIONS.items()} == {
        "None": {"pending"},
        **STEP_MOVES,
    }


def test_an_illegal_move_names_both_states_and_what_was_right() -> None:
    with pytest.raises(IllegalTransitionError) as refused:
        check_transition("run 7", old=RunStatus.QUEUED, new=RunStatus.COMPLETED, allowed=RUN_TRANSITIONS)

    assert str(refused.value) == (
        "VALIDATION_ERROR: run 7: status goes from queued to completed, but may only go to cancelled or running"
    )


def test_a_row_under_its_lock_refuses_an_illegal_move_before_the_database_sees_it(ledger: Ledger) -> None:
    run = open_run(ledger.tenant("demo"))

    with ledger._database.write_as_login() as connection:
        locked = LockedRows.take(connection, tenant_id="demo", run_id=run.id)
        with pytest.raises(IllegalTransitionError, match="from queued to failed"):
            locked.change_run(status=RunStatus.FAILED)
        with pytest.raises(IllegalTransitionError, match="from pending to completed"):
            locked.change_step("bgm", status=RunStepStatus.COMPLETED)
        locked.save()

    assert locked.run == run == ledger.tenant("demo").run(run.id)
    assert {step.status for step in ledger.tenant("demo").steps(run.id)} == {RunStepStatus.PENDING}


def test_a_new_row_begins_at_the_beginning() -> None:
    with pytest.raises(IllegalTransitionError, match="from a new row to completed"):
        check_transition("run r", old=None, new=RunStatus.COMPLETED, allowed=RUN_TRANSITIONS)
    with pytest.raises(IllegalTransitionError, match="from a new row to running"):
        check_transition("step s", old=None, new=RunStepStatus.RUNNING, allowed=STEP_TRANSITIONS)


@pytest.mark.parametrize(
    ("table", "moves", "ways"),
    [("run", RUN_MOVES, RUN_WAYS), ("run_step", STEP_MOVES, STEP_WAYS)],
    ids=["run", "step"],
)
def test_the_database_itself_lets_pass_what_the_contract_lets_pass(
    ledger: Ledger, table: str, moves: dict[str, set[str]], ways: dict[str, list[str]]
) -> None:
    passed = {(old, new): _moves(ledger, table, old, new, ways) for old, new in product(moves, moves)}

    # Staying where one is changes nothing: an upsert may do that.
    assert passed == {(old, new): old == new or new in moves[old] for old, new in product(moves, moves)}


@pytest.mark.parametrize(("table", "initial"), [("run", "queued"), ("run_step", "pending")])
def test_the_database_itself_refuses_a_row_that_does_not_begin_at_the_beginning(
    ledger: Ledger, table: str, initial: str
) -> None:
    open_run(ledger.tenant("demo"), step_ids=("bgm",))
    columns = [column.name for column in (RUN if table == "run" else RUN_STEP).columns]
    copied = ", ".join(
        {"id": ":id", "status": ":status", "step_id": "'game_config'"}.get(name, f'"{name}"')
        for name in columns
    )
    names = ", ".join(f'"{name}"' for name in columns)
    insert = text(f"INSERT INTO {table} ({names}) SELECT {copied} FROM {table} LIMIT 1")  # noqa: S608  names of ours

    statuses = RUN_MOVES if table == "run" else STEP_MOVES
    taken = {
        status: _passes(ledger, insert.bindparams(status=status, id=_uuid(ledger))) for status in statuses
    }

    assert [status for status, passed in taken.items() if passed] == [initial]


@pytest.mark.parametrize("status", ["running", "skipped"])
def test_the_database_itself_wants_an_input_hash_from_running_on_and_on_a_hit(
    ledger: Ledger, status: str
) -> None:
    run = open_run(ledger.tenant("demo"), step_ids=("bgm", "game_config"))
    hit = "cache_hit" if status == "running" else "true"
    without = f"UPDATE run_step SET status = '{status}', cache_hit = {hit} WHERE step_id = 'bgm'"  # noqa: S608  a constant
    given = f", input_hash = '{hash_of('bgm')}' WHERE"

    passed = [_passes(ledger, text(without)), _passes(ledger, text(without.replace(" WHERE", given)))]

    assert run.id
    assert passed == [False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "0" * 71,
        "sha256:",
        "sha256:" + "0" * 63,
        "sha256:" + "0" * 65,
        "sha256:" + "A" * 64,
        "sha256:" + "0" * 63 + "g",
        "sha256:" + "0" * 63 + " ",
        "SHA256:" + "0" * 64,
        "sha512:" + "0" * 64,
    ],
)
def test_the_database_itself_refuses_what_is_no_hash(ledger: Ledger, wrong: str) -> None:
    open_run(ledger.tenant("demo"), step_ids=("bgm",))

    passed = _passes(ledger, text("UPDATE run_step SET input_hash = :hash").bindparams(hash=wrong))

    assert not passed


def test_the_database_itself_refuses_a_step_of_no_run(ledger: Ledger) -> None:
    open_run(ledger.tenant("demo"), step_ids=("bgm",))

    assert not _passes(ledger, text("UPDATE run_step SET run_id = :id").bindparams(id=_uuid(ledger)))


def _moves(ledger: Ledger, table: str, old: str, new: str, ways: dict[str, list[str]]) -> bool:
    """Bring a fresh row into one state by legal moves, then try to move it to another."""
    run = open_run(ledger.tenant("demo"), step_ids=("bgm",))
    key = "id" if table == "run" else "run_id"
    extra = f", input_hash = '{hash_of('bgm')}'" if table == "run_step" else ""
    move = f"UPDATE {table} SET status = :status{extra} WHERE {key} = '{run.id}'"  # noqa: S608  names of ours
    initial = next(iter(RUN_MOVES if table == "run" else STEP_MOVES))
    for status in [] if old == initial else [*ways.get(old, []), old]:
        assert _passes(ledger, text(move).bindparams(status=status))
    return _passes(ledger, text(move).bindparams(status=new))


def _passes(ledger: Ledger, statement: TextClause) -> bool:
    try:
        with ledger._database.write_as_login() as connection:
            connection.execute(statement)
    except IntegrityError:
        return False
    return True


def _uuid(ledger: Ledger) -> UUID | str:
    """Make a UUID as each driver takes it in plain SQL."""
    fresh = uuid4()
    return fresh if ledger._database.address.path is None else str(fresh)
