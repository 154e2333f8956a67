"""A person cancels a build in Dagster's UI while it works."""

from sqlalchemy.exc import SQLAlchemyError

from campaign_pipeline_tests.ui.server import dagster_ui
from campaign_pipeline_tests.workplace import Workplace

KEY = "demo/small"
SLOW = {"audio": {"provider": "synth", "duration_sec": 300}}

PLACES = "{ workspaceOrError { ... on Workspace { locationEntries { name } } } }"
LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
TERMINATE = """mutation ($run: String!) { terminateRun(runId: $run, terminatePolicy: SAFE_TERMINATE) {
    __typename } }"""
STATUS = "query ($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"


def test_a_build_that_is_cancelled_in_the_ui_is_cancelled_in_the_tables(workplace: Workplace) -> None:
    workplace.write_brief(KEY, SLOW)
    with dagster_ui(workplace) as ui:
        ui.await_that(lambda: KEY in ui.campaigns(), f"{KEY} among the campaigns")
        [place] = ui.ask(PLACES)["workspaceOrError"]["locationEntries"]
        selector = {
            "repositoryLocationName": place["name"],
            "repositoryName": "__repository__",
            "jobName": "campaign_build",
        }
        tags = [{"key": "dagster/partition", "value": KEY}]
        params = {"selector": selector, "runConfigData": {}, "executionMetadata": {"tags": tags}}
        run_id = ui.ask(LAUNCH, params=params)["launchRun"]["run"]["runId"]
        ui.await_that(lambda: is_making_music(workplace, run_id), "music that is being made")

        terminated = ui.ask(TERMINATE, run=run_id)["terminateRun"]["__typename"]

        ui.await_that(lambda: status_of(workplace, run_id) != "running", "the run's end")
        ui.await_that(
            lambda: ui.ask(STATUS, run=run_id)["runOrError"]["status"] == "CANCELED", "its end in Dagster"
        )
    tables = workplace.tables()
    [run] = tables.run
    assert terminated == "TerminateRunSuccess"
    assert run["status"] == "cancelled"
    assert run["error"].startswith("CANCELLED: ")
    assert tables.statuses(run_id)["bgm"] == ("failed", False)
    assert {row["error"] for row in tables.steps_of(run_id).values()} - {None} == {run["error"]}


def is_making_music(place: Workplace, run_id: str) -> bool:
    try:
        step = place.tables().steps_of(run_id).get("bgm")
    except SQLAlchemyError:
        return False  # the tables are being made
    return step is not None and step["status"] == "running"


def status_of(place: Workplace, run_id: str) -> str:
    [status] = [run["status"] for run in place.tables().run if run["id"] == run_id]
    return str(status)
