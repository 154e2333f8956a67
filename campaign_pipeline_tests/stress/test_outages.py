"""A Postgres that restarts in the midst of a build, and connections that are cut.

What must hold: the build completes, or fails with an error that names the ledger or Dagster's storage; the next one
completes; and nothing is produced again that was produced before.
"""

import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from campaign_pipeline_tests.databases import (
    PostgresServer,
    _unprivileged_identity,
    _wait_until_it_answers,
    start_postgres,
)
from campaign_pipeline_tests.stress.crew import Child, Crew
from campaign_pipeline_tests.stress.site import KEY, Site, Size
from campaign_pipeline_tests.workplace import Workplace, lay_out

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"


@dataclass
class RestartableServer:
    """A server of one test's own."""

    folder: Path
    server: PostgresServer

    def restart(self, *, away_s: float) -> None:
        """Stop it, dropping whoever is connected, and start it again on its data and its port."""
        self.server.stop()
        time.sleep(away_s)
        log = self.folder / "server.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                self.server.process.args,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                **_unprivileged_identity(self.folder),
            )
        self.server = PostgresServer(self.server.port, process)
        _wait_until_it_answers(self.server, log)


@pytest.fixture(scope="module")
def postgres() -> Iterator[RestartableServer]:
    """A server that nobody else uses."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-pg-"))
    found = RestartableServer(folder, start_postgres(folder))
    try:
        yield found
    finally:
        found.server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["Dagster on SQLite", "Dagster on the same Postgres"])
def outage_site(
    request: pytest.FixtureRequest, postgres: RestartableServer, tmp_path: Path, crew: Crew
) -> Iterator[Site]:
    """A workplace on that server; Dagster's own storage is there too, or beside it."""
    root = lay_out(tmp_path / "work")
    with postgres.server.database() as url:
        env = {"CAMPAIGN_DATABASE_URL": url}
        if "Postgres" in request.param:
            env["DAGSTER_HOME"] = str(root / "deploy")
        site = Site(Workplace(root, url, env), crew, delay_s=0.2)
        site.start("make_instance").wait()
        site.ask_for("before the outages")
        site.built()
        yield site


def test_a_restart_of_postgres_costs_a_build_at_most_and_nothing_that_was_produced(
    outage_site: Site, postgres: RestartableServer, size: Size, figure: Callable[[str, object], None]
) -> None:
    chance = random.Random(31)  # noqa: S311  moments, not secrets
    outcomes = []
    usual_s = _usual_s(outage_site)

    for number in range(size.of(sample=1, full=20)):
        child = _started(outage_site, f"restart {number}")
        time.sleep(chance.uniform(0.1, 0.9) * usual_s)
        # Dagster's own storage gives up after some 11 s; the ledger's retries do before.
        postgres.restart(away_s=16.0 if number % 10 == 9 else chance.uniform(0.0, 2.0))
        outcomes.append(_check(outage_site, child))

    figure("restarts", len(outcomes))
    figure("builds that completed all the same", outcomes.count(0))


def test_connections_that_are_cut_cost_a_build_at_most_and_nothing_that_was_produced(
    outage_site: Site, postgres: RestartableServer, size: Size, figure: Callable[[str, object], None]
) -> None:
    chance = random.Random(57)  # noqa: S311  moments, not secrets
    outcomes, cuts = [], 0
    usual_s = _usual_s(outage_site)

    for number in range(size.of(sample=1, full=40)):
        child = _started(outage_site, f"cut {number}")
        for _ in range(chance.randint(1, 3)):
            time.sleep(chance.uniform(0.1, 0.6) * usual_s)
            postgres.server.execute(CUT)
            cuts += 1
        outcomes.append(_check(outage_site, child))

    figure("cuts", cuts)
    figure("builds that completed all the same", f"{outcomes.count(0)} of {len(outcomes)}")


def _usual_s(site: Site) -> float:
    site.ask_for("undisturbed")
    return site.built().seconds


def _started(site: Site, prompt: str) -> Child:
    site.ask_for(prompt)
    return site.start("build", KEY)


def _check(site: Site, child: Child) -> int:
    """Check a build that was disturbed and the next one; give how the first ended."""
    child.wait()
    assert child.code in {0, 1}, child.said
    assert "Traceback" not in child.said, child.said
    if child.code == 1:
        assert "LEDGER_UNAVAILABLE" in child.said, child.said
    answered, called = site.answered, site.calls

    after = site.built()

    assert site.unsound() == [], child.said + after.said
    for provider in ("audio", "text"):
        again = site.calls[provider] - called[provider]
        assert again == (0 if provider in answered else 1), provider
    made = [row["skill_id"] for row in site.place.tables().artifact[-4:]]
    assert len(set(made)) == 4, made
    assert child.code is not None
    return child.code
