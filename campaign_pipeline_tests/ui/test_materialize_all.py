"""A person with a browser and nothing else builds a campaign, and sees what came of it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from campaign_pipeline_tests.end_to_end.test_ways_of_starting import (
    EPOCH,
    KEY,
    by_job_execute,
    rows_without_chance,
)
from campaign_pipeline_tests.ui.server import DagsterUI, dagster_ui
from campaign_pipeline_tests.workplace import STEPS, Workplace, lay_out

PATIENCE_MS = 60_000

EVENTS = """query ($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { events {
    __typename ... on MessageEvent { message } } } } }"""
RUN = "query ($run: ID!) { runOrError(runId: $run) { ... on Run { jobName status } } }"

pytestmark = pytest.mark.parametrize(
    "context", [{"viewport": {"width": 1440, "height": 1000}}], indirect=True, ids=["desktop"]
)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The rows that `dagster job execute` writes."""
    root = lay_out(tmp_path_factory.mktemp("reference") / "work")
    place = Workplace(root, f"sqlite:///{root / '.campaign' / 'ledger.db'}", {"SOURCE_DATE_EPOCH": EPOCH})
    place.write_brief(KEY)
    by_job_execute(place)
    return rows_without_chance(place)


@pytest.fixture
def ui(any_workplace: Workplace) -> Iterator[DagsterUI]:
    """The UI of a folder that holds a small brief, as far as its sensor has found that."""
    any_workplace.env["SOURCE_DATE_EPOCH"] = EPOCH
    any_workplace.write_brief(KEY)
    with dagster_ui(any_workplace) as served:
        served.await_that(lambda: KEY in served.campaigns(), f"{KEY} among the campaigns")
        yield served


@pytest.fixture
def requests(context: BrowserContext) -> list[str]:
    """Every address that the browser asked for."""
    seen: list[str] = []
    context.on("request", lambda request: seen.append(request.url))
    return seen


def test_materialize_all_builds_what_the_command_line_builds_and_shows_it(
    ui: DagsterUI,
    any_workplace: Workplace,
    context: BrowserContext,
    requests: list[str],
    expected: dict[str, Any],
) -> None:
    page = context.new_page()

    run_id = materialize_all(page, ui)

    assert ui.ask(RUN, run=run_id)["runOrError"] == {"jobName": "__ASSET_JOB", "status": "SUCCESS"}
    assert rows_without_chance(any_workplace) == expected
    assert [run["id"] for run in any_workplace.tables().run] == [run_id]
    assert_in_one_process(ui, run_id)
    for step in STEPS:
        assert_told(asset_page(page, ui, step), any_workplace.tables().steps_of(run_id)[step])
    assert_pictured(asset_page(page, ui, "game_config"), "palette")
    assert_pictured(asset_page(page, ui, "bgm"), "waveform")
    assert [url for url in requests if not url.startswith((ui.address, "data:", "blob:"))] == []


def materialize_all(page: Page, ui: DagsterUI) -> str:
    """Press the button, choose the campaign, wait for the end, and give the run's id."""
    page.goto(f"{ui.address}/asset-groups/campaign")
    page.get_by_role("button", name="Materialize all").click(timeout=PATIENCE_MS)
    dialog = page.get_by_role("dialog").filter(has_text="Partition selection")
    dialog.get_by_text("Select a partition").click()
    page.get_by_role("menuitem", name=KEY).click()
    dialog.get_by_role("button", name="Launch 1 run").click()
    expect(page.get_by_text("Launched run")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_text("View", exact=True).click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    # A failure shows in the same place, so that a build that went wrong is told at once.
    ended = page.get_by_text(re.compile(r"^(Success|Failure|Canceled)$")).first
    expect(ended).to_have_text("Success", timeout=PATIENCE_MS)
    found = re.search(r"/runs/([0-9a-f-]{36})", page.url)
    assert found is not None
    return found[1]


def assert_in_one_process(ui: DagsterUI, run_id: str) -> None:
    events = ui.ask(EVENTS, run=run_id)["logsForRun"]["events"]
    messages = [event["message"] for event in events if "message" in event]

    assert any(message.startswith("Executing steps in process") for message in messages)
    assert not [event for event in events if event["__typename"].startswith("StepWorker")]


def asset_page(page: Page, ui: DagsterUI, asset: str) -> Page:
    page.goto(f"{ui.address}/assets/{asset}")
    expect(row(page, "why")).to_be_visible(timeout=PATIENCE_MS)
    return page


def row(page: Page, key: str) -> Locator:
    """Find the row of the metadata table whose first cell is the key."""
    return page.get_by_role("row").filter(has=page.get_by_role("cell", name=key, exact=True))


def assert_told(page: Page, step: dict[str, Any]) -> None:
    for key, value in {
        "cache": "miss",
        "why": step["diagnostics"]["cache"]["reason"],
        "input hash": step["input_hash"],
        "artifact id": step["output_artifact_ids"][0],
        "skill": step["skill_id"],
    }.items():
        expect(row(page, key)).to_contain_text(value)


def assert_pictured(page: Page, name: str) -> None:
    picture = page.get_by_role("img", name=name)
    # Above a thousand characters Dagster shows Markdown only when it is asked for.
    folded = row(page, name).get_by_text("[Show Markdown]")
    expect(picture.or_(folded)).to_be_visible()
    if folded.is_visible():
        folded.click()
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 200
