"""Many processes build one campaign at once: one of them produces, all of them complete."""

import time
from collections import Counter
from collections.abc import Callable

from campaign_pipeline_tests.stress.site import KEY, Site, Size
from campaign_pipeline_tests.workplace import STEPS

PROCESSES = 8
WAYS = ("build", "job_execute")


def test_eight_builds_at_once_ask_each_provider_once_and_all_complete(
    any_site: Site, size: Size, figure: Callable[[str, object], None]
) -> None:
    times = size.of(sample=1, full=20)
    any_site.delay_s = 1.0 if size.is_full else 0.3
    began = time.monotonic()

    for this_time in range(times):
        any_site.ask_for(f"tune {this_time}")
        # The first time no ledger is there, and no Dagster instance where that is safe: on its local storage.
        if this_time == 0 and "DAGSTER_HOME" in any_site.place.env:
            any_site.start("make_instance").wait()
        children = [any_site.start(WAYS[place % len(WAYS)], KEY) for place in range(PROCESSES)]
        ends = [child.wait() for child in children]

        assert [child.code for child in ends] == [0] * PROCESSES, "\n".join(child.said for child in ends)
        assert any_site.calls == {"audio": 1, "text": 1}
        _check_rows(any_site)

    figure("builds", times * PROCESSES)
    figure("provider calls", times * 2)
    figure("seconds", round(time.monotonic() - began, 1))


def _check_rows(site: Site) -> None:
    """Check the newest eight runs: complete, and between them one artifact a step."""
    tables = site.place.tables()
    runs = tables.run[-PROCESSES:]
    assert Counter(run["status"] for run in runs) == {"completed": PROCESSES}
    of_runs = [tables.steps_of(run["id"]) for run in runs]
    for step_id in STEPS:
        outputs = {artifact for steps in of_runs for artifact in steps[step_id]["output_artifact_ids"]}
        assert len(outputs) == 1, step_id
    made = [artifact for artifact in tables.artifact if artifact["run_id"] in {run["id"] for run in runs}]
    assert len(made) == len(STEPS)
    assert site.unsound() == []
