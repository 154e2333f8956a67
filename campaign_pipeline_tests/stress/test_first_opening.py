"""Dagster's own SQLite, new, and opened by many processes at the same moment."""

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from campaign_pipeline_tests.stress.site import Site, Size

PROCESSES = 8


def test_a_new_instance_serves_all_processes_that_open_it_at_once(
    site: Site, size: Size, figure: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    times, chance = size.of(sample=2, full=20), random.Random(8)  # noqa: S311  moments, not secrets
    monkeypatch.chdir(site.place.root)
    keys = {f"demo/of-{place}" for place in range(PROCESSES)}

    for this_time in range(times):
        gate = _new(site)
        children = [site.start("open_instance", key, str(gate)) for key in sorted(keys)]
        if this_time % 2:
            # One that dies in the midst of it is no hindrance to the others, nor to itself.
            victim = children[0]
            gate.touch()
            time.sleep(chance.uniform(0.0, 0.3))
            victim.kill()
            victim.wait()
            children[0] = site.start("open_instance", min(keys), str(gate))
        gate.touch()

        assert [child.wait().code for child in children] == [0] * PROCESSES, "\n".join(
            child.said for child in children
        )
        with dg.DagsterInstance.from_config(str(site.place.root)) as instance:
            assert set(instance.get_dynamic_partitions("campaigns")) == keys

    figure("openings", times * PROCESSES)


def _new(site: Site) -> Path:
    shutil.rmtree(site.place.root / ".campaign", ignore_errors=True)
    gate = site.place.root / "gate"
    gate.unlink(missing_ok=True)
    return gate
