"""What starts by itself, and what it asks for."""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg
import pytest

from campaign_pipeline.definitions import defs
from campaign_pipeline.orchestration.partitions import CAMPAIGNS, register
from campaign_pipeline.orchestration.schedules import recurring_builds
from campaign_pipeline.orchestration.sensors import campaigns_with_briefs
from campaign_pipeline_tests.workplace import Desk


def test_the_schedule_asks_for_one_run_a_campaign_at_every_tick(desk: Desk) -> None:
    desk.place.write_brief("demo/small")
    keys = ["acme/winter-wheel", "demo/small", "demo/summer-spin"]

    asked = []
    with dg.DagsterInstance.from_config(str(desk.place.root)) as instance:
        for day in (1, 2):
            tick = datetime(2026, 3, day, 3, tzinfo=UTC)
            context = dg.build_schedule_context(
                instance=instance, scheduled_execution_time=tick, repository_def=defs.get_repository_def()
            )
            asked.append(recurring_builds.evaluate_tick(context).run_requests or [])
        known = instance.get_dynamic_partitions(CAMPAIGNS)

    assert [[request.partition_key for request in requests] for requests in asked] == [keys, keys]
    assert len({request.run_key for requests in asked for request in requests}) == 6
    assert sorted(known) == keys


def test_the_schedule_says_so_where_there_is_no_brief(desk: Desk) -> None:
    (desk.place.root / "briefs").rename(desk.place.root / "elsewhere")

    with dg.DagsterInstance.ephemeral() as instance:
        data = recurring_builds.evaluate_tick(dg.build_schedule_context(instance=instance))

    assert not data.run_requests
    assert data.skip_message == "no brief lies under briefs"


def test_the_sensor_makes_every_campaign_with_a_brief_known(desk: Desk) -> None:
    desk.place.write_brief("demo/small")

    with dg.DagsterInstance.ephemeral() as instance:
        data = campaigns_with_briefs.evaluate_tick(dg.build_sensor_context(instance=instance))
        known = instance.get_dynamic_partitions(CAMPAIGNS)

    assert set(known) == {"acme/winter-wheel", "demo/small", "demo/summer-spin"}
    assert not data.run_requests
    assert data.skip_message == "3 campaigns have a brief under briefs"


def test_registering_keys_that_are_known_already_adds_only_the_others() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(CAMPAIGNS, ["demo/small"])

        register(instance, ["demo/small", "demo/other"])

        assert set(instance.get_dynamic_partitions(CAMPAIGNS)) == {"demo/small", "demo/other"}


def test_a_key_that_another_process_registers_a_moment_sooner_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        add = instance.add_dynamic_partitions

        def lose_the_race(name: str, keys: Sequence[str]) -> None:
            add(name, keys)
            raise RuntimeError("UNIQUE constraint failed")

        monkeypatch.setattr(instance, "add_dynamic_partitions", lose_the_race)

        register(instance, ["demo/small"])

        assert instance.get_dynamic_partitions(CAMPAIGNS) == ["demo/small"]


def test_a_key_that_could_not_be_registered_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, keys: Sequence[str]) -> None:
        raise RuntimeError(f"{name} is closed to {keys}")

    with dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.setattr(instance, "add_dynamic_partitions", fail)

        with pytest.raises(RuntimeError, match="is closed"):
            register(instance, ["demo/small"])
