"""`campaign build`, as users and scripts call it, where it does not succeed."""

import json

from campaign_pipeline_tests.workplace import Desk, job_words

KEY = "demo/small"
TOO_LARGE = {"audio": {"format": "wav", "duration_sec": 30}}


def test_an_error_is_told_once_however_many_steps_waited_for_it(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY, TOO_LARGE)

    built = any_desk.campaign("build", KEY)
    shown = any_desk.campaign("show", KEY)

    [run] = any_desk.place.tables().run
    assert built.exit_code == 1
    for output in (built.output, shown.output):
        assert " ".join(output.split()).count("BUNDLE_TOO_LARGE: ") == 1
        assert output.splitlines()[-1] == run["error"]
        assert "– campaign_manifest" in output
        assert "skipped: waited for game_bundle" in output
    assert "✘ game_bundle: failed\n" in built.output


def test_beside_json_the_error_is_told_once_to_whoever_looks_on(desk: Desk) -> None:
    desk.place.write_brief(KEY, TOO_LARGE)

    built = desk.campaign("build", KEY, "--json")

    assert built.stderr.count("BUNDLE_TOO_LARGE: ") == 1
    assert built.stderr.splitlines()[-1] == json.loads(built.stdout)["run"]["error"]


def test_an_error_of_the_brief_and_one_of_an_override_are_told_apart_in_the_runs_row(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY, {"theme": "nope"})
    any_desk.campaign("build", KEY)
    any_desk.place.write_brief(KEY)
    any_desk.campaign("build", KEY, "--set", "theme=nope")

    of_the_brief, of_the_override = (run["error"] for run in any_desk.place.tables().run)

    assert of_the_brief.startswith(f"VALIDATION_ERROR: briefs/{KEY}.yaml: theme: 'nope' is not a theme of ")
    assert of_the_override.startswith("VALIDATION_ERROR: --set theme='nope': 'nope' is not a theme of ")


def test_an_override_of_a_run_configuration_is_named_as_such(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    config = desk.place.root / "run.yaml"
    config.write_text("resources: {trigger: {config: {overrides: {audio: {bpm: 999}}}}}")

    desk.place.command("dagster", *job_words(tags={"dagster/partition": KEY}), "-c", str(config))

    [run] = desk.place.tables().run
    assert run["error"] == (
        "VALIDATION_ERROR: overrides.audio.bpm: 999 found; a number of at most 200 is expected"
    )
