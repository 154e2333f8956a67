"""Equal inputs give equal bytes, wherever and whenever they are built."""

import json
import shutil
from pathlib import Path

import pytest

from campaign_pipeline_tests.workplace import STEPS, Desk, Workplace, lay_out

KEY = "demo/small"


def content_hashes(place: Workplace) -> dict[str, str]:
    return {row["skill_id"]: row["content_hash"] for row in place.tables().artifact}


def test_two_folders_and_two_times_give_the_same_bytes_under_one_epoch(tmp_path: Path) -> None:
    hashes = []
    for name in ("here", "elsewhere/deep down"):
        root = lay_out(tmp_path / name)
        place = Workplace(root, f"sqlite:///{root / '.campaign' / 'ledger.db'}")
        # A second passes between the two builds: they start seconds apart.
        done = place.job_execute("demo/summer-spin", SOURCE_DATE_EPOCH="1700000000")
        assert done.returncode == 0, done.stderr
        hashes.append(content_hashes(place))

    assert len(hashes[0]) == 4
    assert hashes[0] == hashes[1]


def test_without_an_epoch_only_the_manifest_differs(tmp_path: Path) -> None:
    hashes = []
    for name in ("here", "there"):
        root = lay_out(tmp_path / name)
        place = Workplace(root, f"sqlite:///{root / '.campaign' / 'ledger.db'}")
        place.write_brief(KEY)
        done = place.command("campaign", "build", KEY)
        assert done.returncode == 0, done.stdout + done.stderr
        hashes.append(content_hashes(place))

    differing = {skill for skill in hashes[0] if hashes[0][skill] != hashes[1][skill]}
    assert differing == {"assemble_campaign_manifest"}


def test_a_checkout_that_was_moved_reuses_everything(workplace: Workplace, tmp_path: Path) -> None:
    workplace.write_brief(KEY)
    assert workplace.command("campaign", "build", KEY).returncode == 0
    moved = tmp_path / "moved"
    shutil.move(workplace.root, moved)
    there = Workplace(moved, f"sqlite:///{moved / '.campaign' / 'ledger.db'}")

    done = there.command("campaign", "build", KEY)

    assert done.returncode == 0, done.stdout
    tables = there.tables()
    assert tables.statuses(tables.run[-1]["id"]) == dict.fromkeys(STEPS, ("skipped", True))


def test_renaming_the_videos_makes_nothing_run(desk: Desk) -> None:
    path = desk.place.write_brief(KEY)
    desk.build(KEY)
    (path.parent / "clips").rename(path.parent / "films")
    path.write_text(path.read_text().replace("clips/", "films/"))

    run = desk.build(KEY)

    assert desk.place.tables().statuses(run["id"]) == dict.fromkeys(STEPS, ("skipped", True))


def test_another_video_under_the_same_name_makes_only_the_manifest_anew(desk: Desk) -> None:
    path = desk.place.write_brief(KEY)
    desk.build(KEY)
    (path.parent / "clips" / "win.mp4").write_bytes(b"another film" * 100)

    run = desk.build(KEY)

    statuses = desk.place.tables().statuses(run["id"])
    assert [step for step, status in statuses.items() if status == ("completed", False)] == [
        "campaign_manifest"
    ]


@pytest.mark.parametrize("key", ["demo/summer-spin", "acme/winter-wheel"])
def test_no_path_of_this_machine_enters_an_artifact(desk: Desk, key: str) -> None:
    desk.build(key)

    for row in desk.place.tables().artifact:
        data = desk.place.blob(row["content_hash"]).read_bytes()
        assert str(desk.place.root).encode() not in data
        assert str(desk.place.root) not in json.dumps(row["metadata"])
