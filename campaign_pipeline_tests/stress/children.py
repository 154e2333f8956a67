"""What a forked child does: build a campaign, one way or another, under a tracer or not.

Belongs here: the functions that a crew orders by name; each returns its exit code.
Does not belong here: the fork (zygote), or what must hold afterwards (the campaigns).
"""

import contextlib
import io
import os
import sys
import tempfile
import time
from importlib.metadata import entry_points
from pathlib import Path

import dagster as dg

from campaign_pipeline.settings import Settings
from campaign_pipeline.storage import Ledger
from campaign_pipeline_tests.stress import faults, tracer
from campaign_pipeline_tests.workplace import Workplace, job_words, lay_out


def load() -> None:
    """Import what a build imports on its way, so that no child has to."""
    import alembic.command  # noqa: PLC0415
    import dagster_postgres  # noqa: PLC0415
    import jsonschema  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    import PIL.Image  # noqa: PLC0415
    import psycopg  # noqa: PLC0415
    import puremagic  # noqa: PLC0415
    import soundfile  # noqa: PLC0415
    import tinycss2  # noqa: PLC0415

    from campaign_pipeline.definitions import defs  # noqa: PLC0415
    from campaign_pipeline.orchestration.launch import Launch  # noqa: PLC0415
    from campaign_pipeline.providers.finishing.chain import finish  # noqa: PLC0415
    from campaign_pipeline_tests.stress import providers  # noqa: PLC0415

    del (
        alembic,
        dagster_postgres,
        jsonschema,
        np,
        PIL,
        psycopg,
        puremagic,
        soundfile,
        tinycss2,
        Launch,
        finish,
    )
    defs.resolve_job_def("campaign_build")
    providers.install()
    _build_once()


def _build_once() -> None:
    """Build a campaign in this process: what a first build compiles and remembers, no child has to."""
    home, environment = Path.cwd(), dict(os.environ)
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(said):
        root = lay_out(Path(folder) / "work")
        Workplace(root, "").write_brief("demo/warm", {"audio": {"provider": None}})
        os.environ.update({"CAMPAIGN_AUDIO_PROVIDER": "counting", "STRESS_CALLS": str(root / "calls")})
        os.chdir(root)
        try:
            build("demo/warm")
        except SystemExit as end:
            if end.code != 0:
                raise RuntimeError(said.getvalue()) from end
        finally:
            os.chdir(home)
            os.environ.clear()
            os.environ.update(environment)


def build(
    *words: str,
    kill_at: int | None = None,
    listing: str | None = None,
    store_room: int | None = None,
    ledger_room: int | None = None,
) -> int:
    """Run `campaign build`, traced or with little room where that is asked."""
    if store_room is not None:
        faults.limit_store(store_room)
    if ledger_room is not None:
        faults.limit_ledger(ledger_room)
    if kill_at is not None or listing is not None:
        tracer.trace(kill_at=kill_at, listing=None if listing is None else Path(listing))
    from campaign_pipeline.cli import main  # noqa: PLC0415

    main(["build", *words])
    return 0


def job_execute(key: str) -> int:
    """Run `dagster job execute`."""
    [command] = entry_points(group="console_scripts", name="dagster")
    sys.argv[1:] = job_words(tags={"dagster/partition": key})
    command.load()()
    return 0


def open_instance(key: str, gate: str) -> int:
    """Open Dagster's instance when a file appears, and write into it."""
    while not Path(gate).exists():
        time.sleep(0.001)
    with dg.DagsterInstance.from_config(str(Path.cwd())) as instance:
        instance.add_dynamic_partitions("campaigns", [key])
        instance.get_runs(limit=1)
    return 0


def make_instance() -> int:
    """Open Dagster's instance for the first time, alone."""
    with _instance() as instance:
        instance.get_runs(limit=1)
    return 0


def look_at_runs() -> int:
    """Let the sensor look at runs once; it is a failure where Dagster takes any that the ledger has to be under way."""
    from campaign_pipeline.orchestration.history import DagsterHistory  # noqa: PLC0415
    from campaign_pipeline.orchestration.sensors import runs_that_are_over  # noqa: PLC0415

    with _instance() as instance:
        runs_that_are_over(dg.build_sensor_context(instance=instance))
        under_way = DagsterHistory(instance).under_way()
    with contextlib.closing(Ledger.open(Settings.from_environment().database_url)) as ledger:
        # One that was killed before it had a row is given up after a day.
        left = ledger.housekeeping("reconcile").known_runs(under_way)
    if left:
        raise AssertionError(f"Dagster takes to be under way: {sorted(left)}")
    return 0


def make_ledger() -> int:
    """Open the ledger for the first time, and do nothing in it."""
    Ledger.open(Settings.from_environment().database_url).close()
    return 0


def build_with_fault(
    key: str, *, number: int, for_good: bool, within: str = "", listing: str | None = None
) -> int:
    """Run `campaign build` over a ledger that fails at a statement."""
    place = None if listing is None else Path(listing)
    faults.fail_statement(number, for_good=for_good, within=within, listing=place)
    return build(key)


def execute_again(run_id: str) -> int:
    """Re-execute a run from where it failed, as the UI does."""
    job = dg.reconstructable(campaign_build_job)
    with _instance() as instance:
        failed = instance.get_run_by_id(run_id)
        assert failed is not None
        with dg.execute_job(
            job,
            instance=instance,
            tags=failed.tags,
            run_config=failed.run_config,
            reexecution_options=dg.ReexecutionOptions.from_failure(run_id, instance),
        ) as result:
            return 0 if result.success else 1


def campaign_build_job() -> dg.JobDefinition:
    """Give the job as Dagster rebuilds it."""
    from campaign_pipeline.definitions import defs  # noqa: PLC0415

    return defs.resolve_job_def("campaign_build")


def _instance() -> dg.DagsterInstance:
    if "DAGSTER_HOME" in os.environ:
        return dg.DagsterInstance.get()
    return dg.DagsterInstance.from_config(str(Path.cwd()))
