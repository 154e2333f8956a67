"""Opening a ledger: the first time, many at once, and where it cannot be."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage import Ledger
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline_tests.storage.building import entry_for, open_run, produce

OPEN_AND_WRITE = """
import sys
from campaign_pipeline.storage import Ledger
ledger = Ledger.open(sys.argv[1])
ledger.tenant("demo").open_run(
    sys.argv[2], workflow_name="w", workflow_version="1", campaign_id="c", trigger={}, step_ids=["bgm"],
    root_run_id=sys.argv[2],
)
ledger.close()
"""


def test_threads_that_open_a_new_ledger_at_once_all_get_it(ledger_url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        ledgers = list(pool.map(Ledger.open, [ledger_url] * 8))

    runs = [open_run(ledger.tenant("demo")) for ledger in ledgers]
    assert {run.id for run in runs} == {
        run.id for run in runs if ledgers[0].housekeeping("show").find_run(run.id)
    }
    for ledger in ledgers:
        ledger.close()


def test_processes_that_open_a_new_ledger_at_once_all_get_it(ledger_url: str) -> None:
    ids = [f"123e4567-e89b-12d3-a456-42661417400{place}" for place in range(6)]

    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", OPEN_AND_WRITE, ledger_url, run_id], stderr=subprocess.PIPE
        )
        for run_id in ids
    ]

    errors = [process.communicate(timeout=120)[1].decode() for process in processes]
    assert errors == [""] * 6
    ledger = Ledger.open(ledger_url)
    assert all(ledger.housekeeping("show").find_run(run_id) for run_id in ids)
    ledger.close()


def test_a_ledger_that_is_there_opens_with_one_statement_and_without_alembic(ledger_url: str) -> None:
    Ledger.open(ledger_url).close()
    script = """
import sys
from sqlalchemy import Engine, event
from campaign_pipeline.storage import Ledger
statements = []
event.listen(Engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
Ledger.open(sys.argv[1]).close()
print("alembic" in sys.modules, [statement for statement in statements if "campaign_" in statement])
"""

    done = subprocess.run(
        [sys.executable, "-c", script, ledger_url], check=True, capture_output=True, text=True
    )

    assert done.stdout == "False ['SELECT version_num FROM campaign_alembic_version']\n"


def test_importing_the_room_costs_neither_alembic_nor_a_driver() -> None:
    heavy = {"sqlalchemy.orm", "alembic", "psycopg", "dagster", "numpy"}
    script = f"import sys, campaign_pipeline.storage; print(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert done.stdout == "[]\n"


REUSE_A_STEP = """
import sys
from sqlalchemy import Engine, event
from campaign_pipeline.storage import Ledger
from campaign_pipeline_tests.storage.building import entry_for, open_run, reuse
connections = []
event.listen(Engine, "connect", lambda *_: connections.append(1))
ledger = Ledger.open(sys.argv[1])
tenant = ledger.tenant("demo")
found = tenant.cache_entry(entry_for(tenant, "bgm").cache_key)
reuse(tenant, open_run(tenant), "bgm", artifact_id=found.artifact.id)
print(len(connections), sorted({"sqlalchemy.orm", "alembic", "psycopg"} & set(sys.modules)))
"""


def test_a_step_is_reused_over_one_connection_and_with_nothing_imported_that_it_does_not_need(
    ledger_url: str,
) -> None:
    ledger = Ledger.open(ledger_url)
    tenant = ledger.tenant("demo")
    produce(tenant, open_run(tenant), "bgm", cache=entry_for(tenant, "bgm"))
    ledger.close()

    done = subprocess.run(
        [sys.executable, "-c", REUSE_A_STEP, ledger_url], check=True, capture_output=True, text=True
    )

    driver = [] if ledger_url.startswith("sqlite") else ["psycopg"]
    assert done.stdout == f"1 {driver}\n"


def test_a_sqlite_ledger_keeps_every_commit_and_holds_references(sqlite_url: str) -> None:
    ledger = Ledger.open(sqlite_url)
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")

    with ledger._database.read_as_login() as connection:
        found = [connection.scalar(text(f"PRAGMA {pragma}")) for pragma in pragmas]

    assert found == ["wal", 2, 1, 30_000]
    ledger.close()


def test_sqlite_keeps_ids_with_dashes_and_times_in_utc_as_text(sqlite_url: str) -> None:
    ledger = Ledger.open(sqlite_url)
    run = open_run(ledger.tenant("demo"))

    with ledger._database.read_as_login() as connection:
        found = connection.execute(text("SELECT id, created_at FROM run")).one()

    assert tuple(found) == (run.id, run.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    ledger.close()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg"])
def test_every_spelling_of_postgres_means_psycopg_3(scheme: str) -> None:
    address = LedgerAddress.parse(
        f"{scheme}://user:secret@db.example:5433/ledger?sslmode=require&password=other"
    )

    assert address.url.drivername == "postgresql+psycopg"
    assert address.name == "postgresql://user@db.example:5433/ledger"


@pytest.mark.parametrize(
    "url", ["mysql://u:hunter2@h/d", "sqlite://", "sqlite:///:memory:", "hunter2", "", "oracle:x"]
)
def test_what_names_no_ledger_is_refused_by_the_setting_s_name(url: str) -> None:
    with pytest.raises(CampaignError, match=r"CAMPAIGN_DATABASE_URL: .* found; sqlite:///") as refused:
        Ledger.open(url)

    assert refused.value.code is ErrorCode.VALIDATION_ERROR
    assert "hunter2" not in str(refused.value)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(CampaignError) as refused:
        Ledger.open("postgresql://user:hunter2@127.0.0.1:1/ledger?password=hunter3")

    message = str(refused.value)
    assert (refused.value.code, refused.value.retryable) == (ErrorCode.LEDGER_UNAVAILABLE, True)
    assert message.startswith(
        "LEDGER_UNAVAILABLE: the ledger postgresql://user@127.0.0.1:1/ledger cannot be used: "
    )
    assert "check that the server runs" in message
    assert "hunter" not in message


@pytest.mark.parametrize(
    ("address", "said", "shown"),
    [
        (
            "ann:hunter2@db/ledger",
            "bad: postgresql://ann:hunter2@db/ledger",
            "bad: postgresql://ann:***@db/ledger",
        ),
        ("ann@db/ledger?password=hunter2", "password=hunter2 is refused", "password=*** is refused"),
        ("ann:a@db/ledger", "a database of that name was asked", "*** database of that name was asked"),
        ("ann:ann@db/ledger", 'authentication failed for user "ann"', 'authentication failed for user "ann"'),
    ],
)
def test_a_password_is_taken_out_of_what_a_server_said_and_little_else(
    address: str, said: str, shown: str
) -> None:
    assert LedgerAddress.parse(f"postgresql://{address}").without_password(said) == shown


def test_a_database_that_is_not_there_is_named(postgres_url: str) -> None:
    with pytest.raises(CampaignError, match=r'database "[a-z0-9_]+_gone" does not exist') as refused:
        Ledger.open(f"{postgres_url}_gone")

    assert refused.value.code is ErrorCode.LEDGER_UNAVAILABLE


def test_a_file_that_is_no_database_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_text("dear diary, " * 100)

    with pytest.raises(CampaignError, match=r"ledger\.db cannot be used: file is not a database") as refused:
        Ledger.open(f"sqlite:///{file}")

    assert (refused.value.code, refused.value.retryable) == (ErrorCode.LEDGER_UNAVAILABLE, False)
    assert file.read_text() == "dear diary, " * 100


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(CampaignError, match=r"file: File exists|Not a directory") as refused:
        Ledger.open(f"sqlite:///{tmp_path}/file/ledger.db")

    assert (refused.value.code, refused.value.retryable) == (ErrorCode.LEDGER_UNAVAILABLE, False)


def test_a_folder_where_the_file_should_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="cannot be used: ") as refused:
        Ledger.open(f"sqlite:///{tmp_path}")

    assert (refused.value.code, refused.value.retryable) == (ErrorCode.LEDGER_UNAVAILABLE, False)


def test_a_ledger_that_another_writer_holds_for_too_long_may_be_tried_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign_pipeline.storage.database.BUSY_TIMEOUT_S", 0.05)
    first, second = Ledger.open(sqlite_url), Ledger.open(sqlite_url)

    with first._database.write_as_login() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(CampaignError, match="database is locked") as refused:
            open_run(second.tenant("demo"))

    assert (refused.value.code, refused.value.retryable) == (ErrorCode.LEDGER_UNAVAILABLE, True)
    first.close()
    second.close()


def test_a_ledger_of_a_newer_version_is_left_alone(ledger_url: str) -> None:
    ledger = Ledger.open(ledger_url)
    with ledger._database.write_as_login() as connection:
        connection.execute(text("UPDATE campaign_alembic_version SET version_num = '9999'"))
    ledger.close()

    with pytest.raises(CampaignError, match="its schema has revision 9999, and this version") as refused:
        Ledger.open(ledger_url)

    assert (refused.value.code, refused.value.retryable) == (ErrorCode.LEDGER_UNAVAILABLE, False)


def test_a_ledger_that_vanishes_while_open_is_unavailable(ledger: Ledger) -> None:
    with ledger._database.write_as_login() as connection:
        connection.execute(text("ALTER TABLE run RENAME TO elsewhere"))

    with pytest.raises(Exception, match="run") as failed:
        ledger.tenant("demo").newest_run("summer")

    assert isinstance(failed.value, CampaignError)
    assert failed.value.code is ErrorCode.LEDGER_UNAVAILABLE
