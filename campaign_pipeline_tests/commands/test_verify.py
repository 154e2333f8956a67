"""`campaign verify`, over real builds: all is well, and each kind of damage is named with what to do about it."""

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import ColumnElement, Table, delete, insert, select, update

from campaign_pipeline.building.audit_contents import bundle_flaws, manifest_flaws
from campaign_pipeline.building.auditor import Auditor
from campaign_pipeline.model.digest import content_hash
from campaign_pipeline.storage import Ledger
from campaign_pipeline.storage.scopes import Scope
from campaign_pipeline.storage.tables import (
    ARTIFACT,
    LEASE,
    METADATA,
    PROVIDER_ANSWER,
    RUN,
    RUN_STEP,
    STEP_CACHE,
)
from campaign_pipeline.storage.worker import Worker, this_host, this_worker
from campaign_pipeline_tests.storage.building import open_run
from campaign_pipeline_tests.workplace import Desk, Row

KEY = "demo/small"
FORGOTTEN = "campaign gc forgets this one when the runs that need it are older"


def test_what_was_built_is_as_it_was_recorded(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY)
    any_desk.place.write_brief("acme/small")
    any_desk.build(KEY)
    any_desk.build("acme/small")
    any_desk.campaign("build", "demo/nothing")

    told = any_desk.campaign("verify")
    report = _verify(any_desk, exit_code=0)
    one = _verify(any_desk, KEY, exit_code=0)

    assert told.exit_code == 0, told.output
    assert "✔ all is as it was recorded" in told.output
    checked = report["checked"]
    assert (report["sound"], report["problems"]) == (True, [])
    assert checked == {
        "runs": 3,
        "steps": 12,
        "artifacts": 8,
        "cache_entries": 8,
        "blobs": len([name for name in any_desk.place.blobs() if name.startswith("sha256/")]),
        "bytes": sum(size for name, size in any_desk.place.blobs().items() if name.startswith("sha256/")),
    }
    assert (one["checked"]["runs"], one["checked"]["artifacts"]) == (1, 4)


def test_a_ledger_that_holds_nothing_is_in_order(desk: Desk) -> None:
    Ledger.open(desk.place.ledger_url).close()

    assert _verify(desk, exit_code=0)["sound"]


def test_bytes_that_do_not_hold_are_named_left_where_they_are_and_repaired_by_a_build(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    desk.place.write_brief(KEY)
    run = desk.build(KEY)
    by_type = {row["type"]: row["content_hash"] for row in desk.place.tables().artifact}
    damages: dict[str, Callable[[bytes], bytes] | None] = {
        "json/game-config": lambda data: b"A" + data[1:],
        "audio/bgm": lambda data: data[:-1],
        "bundle/game": None,
        "json/campaign-manifest": lambda data: data + b" ",
    }
    for kind, damage in damages.items():
        _spoil(desk.place.blob(by_type[kind]), damage)
    before = desk.place.blobs()

    report = _verify(desk, run["id"][:8], exit_code=1)
    table = desk.campaign("verify")

    needed = f"needed by run {run['id']} (demo/small)"
    assert {problem["subject"]: problem["message"] for problem in report["problems"]} == {
        f"{by_type[kind]} ({kind})": f"its bytes are {'altered' if damage else 'missing'}; {needed}"
        for kind, damage in damages.items()
    }
    assert all("campaign build demo/small" in problem["advice"] for problem in report["problems"])
    assert f"(audio/bgm): its bytes are altered; {needed}" in table.output
    assert f"with --base-run {run['id']}" in table.output
    assert desk.place.blobs() == before

    desk.build(KEY)

    assert _verify(desk, exit_code=0)["sound"]


def test_of_very_many_problems_the_first_are_told_and_the_rest_are_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY)
    for name in desk.place.blobs():
        if name.startswith("sha256/"):
            (desk.place.store / name).unlink()
    every = _verify(desk, exit_code=1)
    monkeypatch.setattr("campaign_pipeline.building.audit.MOST_PROBLEMS", 2)

    report = _verify(desk, exit_code=1)
    told = desk.campaign("verify").output

    rest = len(every["problems"]) - 2
    assert every["more_problems"] == 0
    assert (report["problems"], report["more_problems"]) == (every["problems"][:2], rest)
    assert f"… and {rest} more" in told
    assert f"problems found: {rest + 2}" in told


def test_a_lost_manifest_can_be_put_back_or_done_without(
    any_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_desk.place.write_brief(KEY)
    first = any_desk.build(KEY)
    lost = _blob_of(any_desk, "json/campaign-manifest")
    data = lost.read_bytes()
    lost.unlink()

    only = _advice(any_desk)
    second = any_desk.build(KEY)
    replaced = _advice(any_desk)
    monkeypatch.setenv("CAMPAIGN_RETENTION", "90d")
    kept_for_a_while = _advice(any_desk)
    lost.write_bytes(data)
    put_back = _verify(any_desk, exit_code=0)
    lost.unlink()
    _grow_old(any_desk, first["id"])
    any_desk.campaign("gc")

    place = f"put it back from a backup of the store, as {lost.relative_to(any_desk.place.store)}, or"
    assert f"{place} do without it: campaign build demo/small (where " in only
    assert "makes another, of its own time; once CAMPAIGN_RETENTION is set, campaign gc" in only
    assert replaced.startswith(f"run {second['id']} made another in its place, so nothing has to be built; ")
    assert replaced.endswith(f"{place} do without it: once CAMPAIGN_RETENTION is set, {FORGOTTEN}")
    assert kept_for_a_while.endswith(
        "campaign gc forgets this one when the runs that need it are older than CAMPAIGN_RETENTION"
    )
    assert put_back["sound"]
    assert _verify(any_desk, exit_code=0)["sound"]


def test_a_lost_manifest_of_an_earlier_brief_can_be_done_without(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reusable result would keep its record for ever, so another has to take its place first."""
    desk.place.write_brief(KEY)
    old = desk.build(KEY)
    lost = _blob_of(desk, "json/campaign-manifest")
    desk.place.write_brief(KEY, {"campaign_name": "Newer"})
    desk.build(KEY)
    lost.unlink()

    told = _advice(desk)
    again = desk.build(KEY, "--base-run", old["id"])
    desk.build(KEY)
    replaced = _advice(desk)
    monkeypatch.setenv("CAMPAIGN_RETENTION", "90d")
    _grow_old(desk, old["id"], again["id"])
    desk.campaign("gc")

    assert f"campaign build demo/small --base-run {old['id']} (and, after it, one without" in told
    assert replaced.startswith(f"run {again['id']} made another in its place")
    assert _verify(desk, exit_code=0)["sound"]


def test_what_only_earlier_runs_need_is_made_again_by_building_upon_them(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    old = desk.build(KEY)
    lost = [_blob_of(desk, kind) for kind in ("json/game-config", "audio/bgm", "bundle/game")]
    desk.place.write_brief(KEY, {"difficulty": "hard", "audio": {"duration_sec": 12}})
    desk.build(KEY)
    for blob in lost:
        blob.unlink()

    told = _verify(desk, exit_code=1)["problems"]
    desk.build(KEY, "--base-run", old["id"])

    upon = f"campaign build demo/small --base-run {old['id']} (and, after it, one without, for the brief of today)"
    assert {desk.place.blob(problem["content_hash"]) for problem in told} == set(lost)
    assert all(problem["advice"].startswith(f"{upon} makes it again; ") for problem in told)
    assert _verify(desk, exit_code=0)["sound"]


def test_what_a_run_that_failed_made_is_made_again_by_the_same_brief(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.place.write_brief(KEY)
    monkeypatch.setenv("CAMPAIGN_MAX_BUNDLE_MB", "0.01")
    assert desk.campaign("build", KEY).exit_code == 1
    failed = desk.place.tables().run[-1]
    _blob_of(desk, "audio/bgm").unlink()

    told = _advice(desk)
    desk.campaign("build", KEY)

    assert told.startswith(
        f"campaign build demo/small, where the brief is still the one of run {failed['id']}, "
    )
    assert _verify(desk, exit_code=0)["sound"]


def test_a_file_of_a_brief_is_taken_in_again(desk: Desk) -> None:
    path = desk.place.write_brief(KEY)
    old = desk.build(KEY)
    clip = path.parent / "clips" / "intro.mp4"
    data = clip.read_bytes()
    lost = desk.place.blob(old["trigger"]["files"]["videos.intro"]["content_hash"])
    clip.write_bytes(b"another film")
    desk.build(KEY)
    lost.unlink()

    told = _advice(desk)
    clip.write_bytes(data)
    desk.build(KEY, "--base-run", old["id"])

    assert told.startswith(
        "campaign build demo/small takes it in again, where the file beside the brief is still"
    )
    assert f"(where the brief has changed since, with --base-run {old['id']})" in told
    assert _verify(desk, exit_code=0)["sound"]


def test_a_damaged_blob_is_told_once_with_all_that_need_it(
    any_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_desk.place.write_brief(KEY)
    runs = []
    for name in ("One", "Two"):
        any_desk.place.write_brief(KEY, {"campaign_name": name})
        runs += [any_desk.build(KEY)["id"], any_desk.build(KEY)["id"]]
    _blob_of(any_desk, "audio/bgm").unlink()

    [problem] = _verify(any_desk, exit_code=1)["problems"]
    [of_one_run] = _verify(any_desk, runs[0], exit_code=1)["problems"]
    table = any_desk.campaign("verify").output
    monkeypatch.setattr("campaign_pipeline.building.audit_damage.MOST_REFERRERS", 2)
    [brief] = _verify(any_desk, exit_code=1)["problems"]

    told = f"its bytes are missing; needed by 4 runs, the newest {runs[-1]} (demo/small)"
    assert (problem["message"], problem["run_id"], problem["tenant_id"]) == (told, runs[-1], "demo")
    needing = [row for row in problem["referrers"] if row["kind"] == "run"]
    assert [row["id"] for row in needing] == runs[::-1]
    assert needing[0] == {
        "kind": "run",
        "id": runs[-1],
        "tenant_id": "demo",
        "campaign_id": "small",
        "use": "audio/bgm",
    }
    # The music itself, and the two manifests that name it.
    assert [row["kind"] for row in problem["referrers"][4:]] == ["artifact"] * 3
    assert of_one_run["message"] == f"its bytes are missing; needed by run {runs[0]} (demo/small)"
    assert table.count("✘ sha256:") == 1
    assert [row["id"] for row in brief["referrers"]] == runs[:-3:-1]
    assert (problem["more_referrers"], brief["more_referrers"]) == (0, 5)


def test_what_a_build_repairs_meanwhile_is_not_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY)
    music = _blob_of(desk, "audio/bgm")
    data = music.read_bytes()
    music.unlink()
    seen = Auditor._look_at_what_waits

    def repaired(auditor: Auditor) -> None:
        music.write_bytes(data)
        seen(auditor)

    monkeypatch.setattr(Auditor, "_look_at_what_waits", repaired)

    assert _verify(desk, exit_code=0)["sound"]


def test_what_an_artifact_and_a_run_refer_to_is_checked_too(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    run = desk.build(KEY)
    [music] = [row for row in desk.place.tables().artifact if row["type"] == "audio/bgm"]
    film = run["trigger"]["files"]["videos.intro"]["content_hash"]
    desk.place.blob(music["metadata"]["attachments"]["waveform"]).unlink()
    _spoil(desk.place.blob(film), lambda data: data + b"x")

    problems = _verify(desk, KEY, exit_code=1)["problems"]

    waveform = music["metadata"]["attachments"]["waveform"]
    needed = f"needed by run {run['id']} (demo/small)"
    assert {problem["subject"]: problem["message"] for problem in problems} == {
        f"{waveform} (waveform of audio/bgm)": f"its bytes are missing; {needed}",
        f"{film} (videos.intro)": f"its bytes are altered; {needed}",
    }


def test_a_kept_answer_and_a_result_that_waits_are_checked(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY)
    run = any_desk.build(KEY)
    lost = content_hash(b"lost")
    key = content_hash(b"key")
    _insert(
        any_desk,
        PROVIDER_ANSWER,
        tenant_id="demo",
        request_hash=key,
        provider="litellm",
        root_run_id=run["id"],
        content_hash=lost,
        size_bytes=4,
        details={},
    )
    _insert(
        any_desk,
        LEASE,
        lease_key=key,
        tenant_id="demo",
        subject="bgm",
        run_id=run["id"],
        result={"content_hash": lost, "metadata": {}},
    )

    problems = _verify(any_desk, exit_code=1)["problems"]

    [problem] = problems
    assert problem["subject"] == f"{lost} (result that waits to be published)"
    assert problem["message"] == f"its bytes are missing; needed by the lease under {key}, and 1 more"
    assert [(row["kind"], row["id"]) for row in problem["referrers"]] == [("lease", key), ("answer", key)]
    assert problem["advice"] == "it is not served; the next build that wants it produces it again"


def test_every_kind_of_disagreement_between_the_rows_is_named(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY)
    run = any_desk.build(KEY)
    pristine = _snapshot(any_desk)

    for name, break_it, kind, message in WRONG_ROWS:
        break_it(any_desk, run)
        problems = _verify(any_desk, exit_code=1)["problems"]
        found = [problem for problem in problems if problem["kind"] == kind and message in problem["message"]]
        assert found, f"{name}: {problems}"
        assert all(problem["advice"] for problem in problems)
        _restore(any_desk, pristine)

    assert _verify(any_desk, exit_code=0)["sound"]


def test_beside_a_wrong_row_another_is_recorded_by_refreshing_its_step_alone(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY)
    _change(desk, ARTIFACT, ARTIFACT.c.type == "audio/bgm", size_bytes=1)

    [advice] = {problem["advice"] for problem in _verify(desk, exit_code=1)["problems"]}
    again = desk.build(KEY, "--cache", "refresh:bgm")

    assert f"campaign build {KEY} --cache refresh:bgm makes and records another" in advice
    assert desk.place.tables().statuses(again["id"])["game_config"] == ("skipped", True)
    assert _verify(desk, again["id"], exit_code=0)["sound"]


def test_a_lost_run_is_named_and_left_as_it_is(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY)
    sound = any_desk.build(KEY)
    gone = Worker(host=this_host(), pid=2**22 + 1, start_ticks=1)
    with _ledger(any_desk) as ledger:
        lost = open_run(ledger.tenant("demo"), worker=gone)

    [problem] = _verify(any_desk, exit_code=1)["problems"]
    [again] = _verify(any_desk, lost.id, exit_code=1)["problems"]

    assert (problem["kind"], problem["run_id"]) == ("run", lost.id)
    assert problem["message"].startswith("is queued, but seems to be over: RUN_LOST: process 4194305 on ")
    assert problem["advice"] == "campaign show demo/summer ends it, as does the next build of anything"
    assert again == problem
    assert _verify(any_desk, sound["id"], exit_code=0)["sound"]
    assert any_desk.place.tables().run[-1]["status"] == "queued"


def test_a_run_that_is_not_there_could_not_be_looked_at(desk: Desk) -> None:
    Ledger.open(desk.place.ledger_url).close()

    result = desk.campaign("verify", "00000000")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(
        "VALIDATION_ERROR: RUN: '00000000' found; there is no run yet; build a campaign"
    )


def test_a_manifest_that_was_sealed_wrongly_is_told() -> None:
    assert "a value is required" in next(manifest_flaws(b"{}", {}))


def test_a_bundle_that_does_not_hold_what_its_manifest_says_is_told(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY)
    [row] = [row for row in desk.place.tables().artifact if row["type"] == "bundle/game"]
    data = desk.place.blob(row["content_hash"]).read_bytes()
    [manifest] = [row for row in desk.place.tables().artifact if row["type"] == "json/campaign-manifest"]
    campaign = desk.place.blob(manifest["content_hash"]).read_bytes()

    assert list(bundle_flaws(data, row["metadata"])) == []
    assert list(manifest_flaws(campaign, manifest["metadata"])) == []
    [files, checksum, bundle_id, in_row] = bundle_flaws(
        _rezipped(data, {"index.html": b"other"}), row["metadata"]
    )
    assert "do not agree on index.html" in files
    assert all("its files come to sha256:" in told for told in (checksum, bundle_id, in_row))
    [missing] = bundle_flaws(_rezipped(data, {"bundle_manifest.json": None}), {})
    assert missing == "bundle_manifest.json is not in it"
    [no_manifest] = bundle_flaws(_rezipped(data, {"bundle_manifest.json": b"{}"}), {})
    assert no_manifest.startswith("bundle_manifest.json: bundle_id: nothing found")
    assert next(bundle_flaws(b"PK", {})).startswith("it is no zip file")
    renamed = campaign.replace(b'"campaign_name":"Small"', b'"campaign_name":"Large"')
    assert next(manifest_flaws(renamed, manifest["metadata"])).startswith("checksum: ")


def test_of_a_campaign_the_newest_run_that_completed_is_looked_at(any_desk: Desk) -> None:
    """A build that was refused came to nothing, and would vouch for everything before it."""
    any_desk.place.write_brief(KEY)
    built = any_desk.build(KEY)
    any_desk.campaign("build", KEY, "--set", "audio.bpm=999")
    [music] = [row for row in any_desk.place.tables().artifact if row["type"] == "audio/bgm"]
    any_desk.place.blob(music["content_hash"]).unlink()

    of_campaign = _verify(any_desk, KEY, exit_code=1)
    of_refused = _verify(any_desk, any_desk.place.tables().run[-1]["id"], exit_code=0)

    assert of_campaign == _verify(any_desk, built["id"], exit_code=1)
    assert of_refused["checked"]["artifacts"] == 0


def test_a_trimmed_run_is_in_order(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_RETENTION", "90d")
    desk.place.write_brief(KEY)
    desk.build(KEY, "--cache", "off")
    then = datetime.now(UTC) - timedelta(days=100)
    _change(desk, RUN, created_at=then, completed_at=then)
    _change(desk, RUN_STEP, created_at=then, completed_at=then)
    desk.build(KEY, "--cache", "off")

    done = json.loads(desk.campaign("gc", "--json").output)

    assert (done["runs_trimmed"], done["artifacts"]) == (1, 4)
    assert _verify(desk, exit_code=0)["sound"]


def _verify(desk: Desk, *words: str, exit_code: int) -> dict[str, Any]:
    result = desk.campaign("verify", *words, "--json")
    assert result.exit_code == exit_code, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def _advice(desk: Desk) -> str:
    """Give what is said of the one problem that there is."""
    [problem] = _verify(desk, exit_code=1)["problems"]
    advice: str = problem["advice"]
    return advice


def _blob_of(desk: Desk, kind: str) -> Path:
    """Give the file of the first artifact of a type."""
    return desk.place.blob(
        next(row["content_hash"] for row in desk.place.tables().artifact if row["type"] == kind)
    )


def _grow_old(desk: Desk, *run_ids: str) -> None:
    """Let runs have ended before any retention."""
    then = datetime.now(UTC) - timedelta(days=100)
    _change(desk, RUN, RUN.c.id.in_(run_ids), created_at=then, completed_at=then)
    _change(desk, RUN_STEP, RUN_STEP.c.run_id.in_(run_ids), created_at=then, completed_at=then)


def _spoil(path: Path, damage: Callable[[bytes], bytes] | None) -> None:
    if damage is None:
        path.unlink()
        return
    path.chmod(0o644)
    path.write_bytes(damage(path.read_bytes()))


def _rezipped(data: bytes, changes: dict[str, bytes | None]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = changes.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


def _ledger(desk: Desk) -> AbstractContextManager[Ledger]:
    return closing(Ledger.open(desk.place.ledger_url))


def _change(desk: Desk, table: Table, *condition: ColumnElement[bool], **values: Any) -> None:
    """Write what no code of ours would."""
    with _ledger(desk) as ledger, ledger._database.write(Scope.of_housekeeping("verify")) as connection:
        connection.execute(update(table).where(*condition).values(**values))


def _insert(desk: Desk, table: Table, **values: Any) -> None:
    with _ledger(desk) as ledger, ledger._database.write(Scope.of_housekeeping("verify")) as connection:
        connection.execute(insert(table).values(**values))


def _insert_step(desk: Desk, run: Row) -> None:
    _insert(
        desk,
        RUN_STEP,
        id=str(uuid4()),
        run_id=run["id"],
        tenant_id="demo",
        campaign_id="small",
        step_id="extra",
        skill_id="extra",
    )


def _insert_run(desk: Desk, run: Row) -> Row:
    """Open a run beside another, without steps; its process lives."""
    values = {name: run[name] for name in ("tenant_id", "campaign_id", "workflow_name", "workflow_version")}
    run_id = str(uuid4())
    worker = {"worker_host": this_worker().host, "worker_pid": this_worker().pid}
    ticks = {"worker_start_ticks": this_worker().start_ticks, "heartbeat_at": datetime.now(UTC)}
    _insert(desk, RUN, id=run_id, root_run_id=run_id, trigger={}, context={}, **values, **worker, **ticks)
    return {**run, "id": run_id}


def _insert_ended_step(desk: Desk, run: Row) -> None:
    opened = _insert_run(desk, run)
    _insert_step(desk, opened)
    _change(desk, RUN_STEP, RUN_STEP.c.run_id == opened["id"], status="skipped", error="CANCELLED: no")


def _insert_lease(desk: Desk, run: Row) -> None:
    _change(desk, RUN, completed_at=datetime.now(UTC) - timedelta(hours=1))
    key = content_hash(b"key")
    _insert(
        desk, LEASE, lease_key=key, tenant_id="demo", subject="bgm", run_id=run["id"], holder=str(uuid4())
    )


WRONG_ROWS: list[tuple[str, Callable[[Desk, Row], object], str, str]] = [
    (
        "a terminal run with a running step",
        _insert_step,
        "run",
        "is completed, but extra is pending",
    ),
    (
        "a run without steps",
        _insert_run,
        "run",
        "has no step",
    ),
    (
        "an active run whose steps have ended",
        _insert_ended_step,
        "run",
        "is queued, but all its steps have ended",
    ),
    (
        "an end without a time",
        lambda desk, _: _change(desk, RUN, completed_at=None),
        "run",
        "when it ended is not recorded",
    ),
    (
        "a step of another tenant",
        lambda desk, _: _change(desk, RUN_STEP, RUN_STEP.c.step_id == "bgm", tenant_id="acme"),
        "step",
        "tenant_id: acme found; the run's is demo",
    ),
    (
        "a step without its artifact",
        lambda desk, _: _change(
            desk, RUN_STEP, RUN_STEP.c.step_id == "bgm", output_artifact_ids=[str(uuid4())]
        ),
        "step",
        "which has no row",
    ),
    (
        "a result without an artifact",
        lambda desk, _: _change(desk, RUN_STEP, RUN_STEP.c.step_id == "bgm", output_artifact_ids=[]),
        "step",
        "is completed, but names no artifact",
    ),
    (
        "an artifact of another tenant",
        lambda desk, _: _change(desk, ARTIFACT, ARTIFACT.c.type == "audio/bgm", tenant_id="acme"),
        "step",
        "of tenant acme",
    ),
    (
        "an artifact of another type",
        lambda desk, _: _change(desk, ARTIFACT, ARTIFACT.c.type == "audio/bgm", type="json/game-config"),
        "step",
        "which is json/game-config; audio/bgm is expected",
    ),
    (
        "a size that is not that of the bytes",
        lambda desk, _: _change(desk, ARTIFACT, ARTIFACT.c.type == "audio/bgm", size_bytes=1),
        "bytes",
        "size_bytes: 1 found; its sound bytes are",
    ),
    (
        "a context that names another result",
        lambda desk, run: _change(desk, RUN, context={**run["context"], "refs": {}}),
        "context",
        "refs.bgm: None found; the step names",
    ),
    (
        "a context with another hash",
        lambda desk, run: _change(desk, RUN, context={**run["context"], "artifacts": {}}),
        "context",
        "hash: None found; the artifact's is sha256:",
    ),
    (
        "a context that was asked something else",
        lambda desk, run: _change(
            desk, RUN, context={**run["context"], "computed": {"input_hashes_by_step": {}}}
        ),
        "context",
        "computed.input_hashes_by_step.bgm: None found; the step says sha256:",
    ),
    (
        "an entry without an artifact",
        lambda desk, _: _change(desk, STEP_CACHE, STEP_CACHE.c.step_id == "bgm", artifact_ids=[str(uuid4())]),
        "cache_entry",
        "which is no artifact",
    ),
    (
        "an entry of another tenant's artifact",
        lambda desk, _: _change(desk, STEP_CACHE, STEP_CACHE.c.step_id == "bgm", tenant_id="acme"),
        "cache_entry",
        "of tenant demo",
    ),
    (
        "an entry of another type",
        lambda desk, _: _change(desk, STEP_CACHE, STEP_CACHE.c.step_id == "bgm", step_id="game_config"),
        "cache_entry",
        "which is audio/bgm; json/game-config is expected",
    ),
    (
        "a lease of an ended run",
        _insert_lease,
        "lease",
        "which has ended",
    ),
    (
        "a row that tells another checksum",
        lambda desk, _: _change(
            desk,
            ARTIFACT,
            ARTIFACT.c.type == "bundle/game",
            metadata={"checksum": "sha256:no", "references": []},
        ),
        "bundle",
        "checksum in the artifact's row: sha256:no found",
    ),
    (
        "a row that does not know what its manifest needs",
        lambda desk, _: _change(desk, ARTIFACT, ARTIFACT.c.type == "json/campaign-manifest", metadata={}),
        "manifest",
        "not found; the manifest needs it",
    ),
]


Rows = dict[Table, list[dict[str, Any]]]


def _snapshot(desk: Desk) -> Rows:
    with _ledger(desk) as ledger, ledger._database.read(Scope.of_housekeeping("verify")) as connection:
        return {
            table: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in METADATA.sorted_tables
        }


def _restore(desk: Desk, before: Rows) -> None:
    with _ledger(desk) as ledger, ledger._database.write(Scope.of_housekeeping("verify")) as connection:
        for table in reversed(METADATA.sorted_tables):
            [key, *_] = table.primary_key
            rows = before[table]
            connection.execute(delete(table).where(key.not_in([row[key.name] for row in rows])))
            for row in rows:
                # The database lets no status move where it has not changed.
                connection.execute(update(table).where(key == row[key.name]).values(row))
