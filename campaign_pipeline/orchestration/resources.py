"""What the assets ask for by name.

Belongs here: thin wrappers that turn configuration into the plain objects that do the work.
Does not belong here: that work (building), or any effect while a resource is being set up: Dagster sets resources up
more often than it runs steps (dagster-facts, 10).
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import dagster as dg
from pydantic import Field

from campaign_pipeline.building.builder import Builder
from campaign_pipeline.orchestration.history import DagsterHistory
from campaign_pipeline.orchestration.interrupts import INTERRUPTS, ending_of, interruption
from campaign_pipeline.settings import Settings


class BuilderResource(dg.ConfigurableResource[Builder]):
    """Ledger, artifact store and settings of this process, reached when the first step needs them."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Builder]:
        """Lend a builder to one process's steps and close it after the last."""
        _spare_the_collector()
        history = DagsterHistory(context.instance) if context.instance else None
        with closing(Builder(Settings.from_environment(), history=history)) as builder:
            try:
                yield builder
            finally:
                _end_if_interrupted(builder, context)


def _end_if_interrupted(builder: Builder, context: dg.InitResourceContext) -> None:
    """End the run that an interrupt between two steps has stopped: neither a step's body nor a hook hears of it.

    Dagster closes resources while it handles what stopped the steps, and only then records the run's end.
    """
    if context.instance is None or context.run is None or not isinstance(sys.exc_info()[1], INTERRUPTS):
        return
    run = context.instance.get_run_by_id(context.run.run_id)
    builder.end_open(ending_of(run, words=str(interruption())))


def _spare_the_collector() -> None:
    """Keep what was imported out of the garbage collector's sight, once a process.

    Two hundred thousand objects of modules live until the process ends. A full collection walks them all, in the
    midst of a run and once more at its end: 0.3 s, as much as everything else that a fully cached build does.
    """
    if not gc.get_freeze_count():
        gc.freeze()


class TriggerResource(dg.ConfigurableResource[None]):
    """How a build differs from the brief as it lies there."""

    base_run_id: str | None = Field(
        default=None,
        description="A completed run of this campaign: its brief is built again, with the overrides.",
    )
    overrides: dict[str, Any] = Field(
        default_factory=dict,
        description="A JSON merge patch on the brief (RFC 7396), e.g. {audio: {prompt: …}}.",
    )
    cache: str | None = Field(
        default=None,
        description="use earlier results, refresh them (`refresh:bgm` that step's alone), or leave them off; "
        "a plain refresh by campaign_update_audio is the music's.",
    )
