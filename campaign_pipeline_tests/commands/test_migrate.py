"""`campaign migrate`, and building with a login that could not have migrated."""

import json
from collections.abc import Iterator

import pytest

from campaign_pipeline.storage.schema import HEAD
from campaign_pipeline_tests.databases import PostgresServer
from campaign_pipeline_tests.workplace import Desk

KEY = "demo/small"


@pytest.fixture
def builder_login(postgres_url: str, postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty ledger for a login that owns nothing and may make nothing."""
    name = f"builder_of_{postgres_url.rpartition('/')[2]}"
    postgres_server.execute(f"CREATE ROLE {name} LOGIN NOINHERIT")
    yield postgres_server.url(postgres_url.rpartition("/")[2], login=name)
    postgres_server.execute(f"DROP ROLE {name}")


def test_migrate_says_from_which_revision_to_which(any_desk: Desk) -> None:
    first = any_desk.campaign("migrate")
    again = any_desk.campaign("migrate")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.output.endswith(f" was made, at revision {HEAD}\n")
    assert again.output.endswith(f" is at revision {HEAD} already\n")
    assert "s3cret" not in first.output + again.output


def test_migrate_tells_scripts_what_it_did(any_desk: Desk) -> None:
    told = json.loads(any_desk.campaign("migrate", "--json").output)

    assert (told["from"], told["to"], told["granted"]) == (None, HEAD, [])
    assert told["ledger"] in {str(any_desk.place.root / ".campaign" / "ledger.db"), _shown(any_desk)}


def test_a_sqlite_file_is_granted_to_nobody(desk: Desk) -> None:
    refused = desk.campaign("migrate", "--grant", "somebody")

    assert refused.exit_code == 1
    assert refused.output.startswith(
        "VALIDATION_ERROR: --grant: 'somebody' found; the ledger is a SQLite file"
    )


def test_a_login_to_which_the_ledger_was_granted_builds_campaigns_and_owns_nothing(
    desk: Desk, postgres_url: str, builder_login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.place.write_brief(KEY)
    desk.place.ledger_url = postgres_url
    login = builder_login.partition("//")[2].partition(":")[0]

    monkeypatch.setenv("CAMPAIGN_DATABASE_URL", builder_login)
    too_early = desk.campaign("build", KEY)
    monkeypatch.setenv("CAMPAIGN_DATABASE_URL", postgres_url)
    granted = desk.campaign("migrate", "--grant", login, "--json")
    monkeypatch.setenv("CAMPAIGN_DATABASE_URL", builder_login)
    first = desk.build(KEY)
    second = desk.build(KEY)

    assert too_early.exit_code == 1
    assert "LEDGER_UNAVAILABLE" in too_early.output
    assert "run `campaign migrate`, with --grant LOGIN" in too_early.output
    assert json.loads(granted.output)["granted"] == [login]
    assert {hit for _, hit in desk.place.tables().statuses(first["id"]).values()} == {False}
    assert set(desk.place.tables().statuses(second["id"]).values()) == {("skipped", True)}


def _shown(desk: Desk) -> str:
    return desk.place.ledger_url.replace(":s3cret-pw", "")
