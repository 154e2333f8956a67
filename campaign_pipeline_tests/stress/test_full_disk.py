"""A disk that is full: the step fails in the store's or the ledger's own name, and what was there before stays."""

from collections.abc import Callable
from pathlib import Path

from campaign_pipeline_tests.stress.crew import Crew
from campaign_pipeline_tests.stress.room import room_in
from campaign_pipeline_tests.stress.site import Site, Size
from campaign_pipeline_tests.workplace import STEPS, Workplace, lay_out

ROOMS_BYTES = (0, 4_096, 16_384, 65_536, 131_072, 262_144)


def test_a_store_without_room_fails_the_step_and_leaves_everything_before_intact(
    any_site: Site, size: Size, figure: Callable[[str, object], None]
) -> None:
    site, codes = any_site, []
    with room_in(site.place.store, of_ledger=False) as room:
        site.ask_for("before the disk was full")
        site.built()
        before = site.place.tables().run[-1]["context"]["refs"]

        for left in ROOMS_BYTES[:: size.of(sample=3, full=1)]:
            site.ask_for(f"with {left} bytes left")
            child = site.build(**room.leave(left))

            codes.append(child.code)
            if child.code != 0:
                assert "STORE_UNAVAILABLE" in child.said, child.said
                assert "No space left on device" in child.said
                run = site.place.tables().run[-1]
                assert (run["status"], run["error"].partition(":")[0]) == ("failed", "STORE_UNAVAILABLE")
            assert site.unsound() == []
            room.free()
            site.built()
            assert site.unsound() == []
        site.ask_for("before the disk was full")
        site.built()
        again = site.place.tables().run[-1]["context"]["refs"]

    assert codes[0] == 1
    assert {step: again[step] for step in STEPS} == before
    figure("full disks", len(codes))


def test_a_ledger_without_room_fails_the_build_and_leaves_everything_before_intact(
    tmp_path: Path, crew: Crew, size: Size, figure: Callable[[str, object], None]
) -> None:
    root = lay_out(tmp_path / "work")
    url, codes = f"sqlite:///{root}/ledger/ledger.db", []
    site = Site(Workplace(root, url, {"CAMPAIGN_DATABASE_URL": url}), crew)
    with room_in(root / "ledger", of_ledger=True) as room:
        site.ask_for("before the disk was full")
        site.built()

        for left in ROOMS_BYTES[:: size.of(sample=3, full=1)]:
            site.ask_for(f"with {left} bytes left")
            child = site.build(**room.leave(left))

            codes.append(child.code)
            if child.code != 0:
                assert "LEDGER_UNAVAILABLE" in child.said, child.said
                assert "disk is full" in child.said or "disk I/O error" in child.said, child.said
                assert "Traceback" not in child.said, child.said
            room.free()
            answered, called = site.answered, site.calls
            site.built()
            assert site.unsound() == []
            assert all(site.calls[name] == called[name] for name in answered)

    assert codes[0] == 1
    figure("full disks", len(codes))
