"""The main job, on the demo brief, by the command that `make demo` runs."""

import hashlib

from campaign_pipeline_tests.workplace import STEPS, Desk, Workplace

DEMO = "demo/summer-spin"


def test_a_first_build_fills_the_four_tables_and_a_second_one_reuses_all_of_it(
    any_workplace: Workplace,
) -> None:
    first = any_workplace.job_execute(DEMO)
    after_first = any_workplace.tables()
    second = any_workplace.job_execute(DEMO)
    after_second = any_workplace.tables()

    assert first.returncode == 0, first.stdout + first.stderr
    assert second.returncode == 0, second.stdout + second.stderr
    [run] = after_first.run
    assert run["status"] == "completed"
    assert after_first.statuses(run["id"]) == dict.fromkeys(STEPS, ("completed", False))
    assert len(after_first.artifact) == len(after_first.step_cache) == 4
    assert all(len(row["input_hash"]) == 71 for row in after_first.run_step)
    for artifact in after_first.artifact:
        data = any_workplace.blob(artifact["content_hash"]).read_bytes()
        assert artifact["content_hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert artifact["size_bytes"] == len(data)
    again = after_second.run[1]
    assert again["status"] == "completed"
    assert after_second.statuses(again["id"]) == dict.fromkeys(STEPS, ("skipped", True))
    assert after_second.artifact == after_first.artifact
    outputs = {name: row["output_artifact_ids"] for name, row in after_second.steps_of(again["id"]).items()}
    assert outputs == {
        name: row["output_artifact_ids"] for name, row in after_first.steps_of(run["id"]).items()
    }


def test_a_runs_context_tells_all_that_its_steps_came_to(any_desk: Desk) -> None:
    any_desk.place.write_brief("demo/small")

    run = any_desk.build("demo/small")
    reused = any_desk.build("demo/small")

    for row in (run, reused):
        tables = any_desk.place.tables()
        steps, context = tables.steps_of(row["id"]), row["context"]
        by_id = {artifact["id"]: artifact for artifact in tables.artifact}
        assert set(context["refs"]) == set(STEPS)
        for step_id, artifact_id in context["refs"].items():
            told, artifact = context["artifacts"][artifact_id], by_id[artifact_id]
            assert steps[step_id]["output_artifact_ids"] == [artifact_id]
            assert (told["type"], told["uri"], told["hash"]) == (
                artifact["type"],
                artifact["uri"],
                artifact["content_hash"],
            )
            assert told["metadata"] == artifact["metadata"]
            assert told["step_id"] == step_id
            assert told["created_at"]
        hashes = {step_id: step["input_hash"] for step_id, step in steps.items()}
        assert context["computed"]["input_hashes_by_step"] == hashes


def test_another_prompt_makes_the_music_and_what_holds_it_anew_and_nothing_else(any_desk: Desk) -> None:
    any_desk.place.write_brief("demo/small", {"audio": {"provider": "synth"}})
    any_desk.build("demo/small")
    any_desk.place.write_brief("demo/small", {"audio": {"provider": "synth", "prompt": "a slow march"}})

    run = any_desk.build("demo/small")

    tables = any_desk.place.tables()
    assert tables.statuses(run["id"]) == {
        "game_config": ("skipped", True),
        "bgm": ("completed", False),
        "game_bundle": ("completed", False),
        "campaign_manifest": ("completed", False),
    }
    assert tables.steps_of(run["id"])["bgm"]["diagnostics"]["cache"]["reason"] == "audio.prompt changed"


def test_a_step_that_comes_to_the_same_bytes_makes_nothing_behind_it_run(desk: Desk) -> None:
    desk.place.write_brief("demo/small")
    desk.build("demo/small")
    # The stub plays one tone, whatever it is asked for: its step runs, and what holds the tone is as it was.
    desk.place.write_brief("demo/small", {"audio": {"prompt": "another tone"}})

    run = desk.build("demo/small")

    statuses = desk.place.tables().statuses(run["id"])
    assert [step for step, status in statuses.items() if status == ("completed", False)] == ["bgm"]


def test_a_comment_and_another_order_of_keys_change_nothing(any_desk: Desk) -> None:
    path = any_desk.place.write_brief("demo/small")
    any_desk.build("demo/small")
    blocks = path.read_text().split("\n")
    top = [number for number, line in enumerate(blocks) if line and not line.startswith(" ")]
    parts = ["\n".join(blocks[start:end]) for start, end in zip(top, [*top[1:], len(blocks)], strict=True)]
    path.write_text("# a comment\n" + "\n".join(reversed(parts)) + "\n")

    run = any_desk.build("demo/small")

    assert any_desk.place.tables().statuses(run["id"]) == dict.fromkeys(STEPS, ("skipped", True))
