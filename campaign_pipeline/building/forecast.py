"""What is expected of a run's steps before any of them runs.

Belongs here: asking the step cache for each step whose inputs are known by then, and saying what the others wait for.
Does not belong here: how a trigger comes to be (resolver), plans of many campaigns (planning), words (analysis).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from campaign_pipeline.building.analysis import Expectation, listed
from campaign_pipeline.building.calls import (
    StepCall,
    StoredArtifact,
    Surroundings,
    bgm_call,
    campaign_manifest_call,
    game_bundle_call,
    game_config_call,
)
from campaign_pipeline.building.reuse import CacheAnswer, Reuse
from campaign_pipeline.model.digest import ContentHash
from campaign_pipeline.model.steps import STEPS, Step, StepId
from campaign_pipeline.storage import ArtifactRecord

_CALLS: Mapping[StepId, Callable[..., StepCall]] = {
    "game_config": game_config_call,
    "bgm": bgm_call,
    "game_bundle": game_bundle_call,
    "campaign_manifest": campaign_manifest_call,
}

_UNREAD = b""
"""Stands for an input's bytes: what a call is known by are hashes, and no call of a forecast is ever made."""


@dataclass(frozen=True, kw_only=True)
class _Foreseen:
    """What a step will come to, and which steps must run again for that."""

    artifact: ArtifactRecord
    made_again: frozenset[StepId]


class Forecast:
    """Foresees one run, step by step.

    Args:
        upstream: Gives the artifact of a step that the run was not asked to run; None where there is none.
    """

    def __init__(
        self, *, around: Surroundings, reuse: Reuse, upstream: Callable[[StepId], ArtifactRecord | None]
    ) -> None:
        self._around = around
        self._reuse = reuse
        self._upstream = upstream
        self._foreseen: dict[StepId, _Foreseen] = {}

    def of(self, step_ids: Sequence[str]) -> tuple[Expectation, ...]:
        """Say what is expected of each step that the run was asked to run, in build order.

        Raises:
            CampaignError: LEDGER_UNAVAILABLE, STORE_UNAVAILABLE.
        """
        for step in STEPS:
            if step.step_id not in step_ids:
                self._take(step.step_id)
        return tuple(self._expect(step) for step in STEPS if step.step_id in step_ids)

    def _take(self, step_id: StepId) -> None:
        artifact = self._upstream(step_id)
        if artifact is not None:
            self._foreseen[step_id] = _Foreseen(artifact=artifact, made_again=frozenset())

    def _expect(self, step: Step) -> Expectation:
        waits_for = [step_id for step_id in step.upstream if step_id not in self._foreseen]
        if waits_for:
            reason = self._reuse.never(step.step_id) or f"waits for {listed(waits_for)}"
            return Expectation(step_id=step.step_id, reuse=False, reason=reason)
        inputs = {step_id: self._foreseen[step_id] for step_id in step.upstream}
        made = {step_id: StoredArtifact(known.artifact, _UNREAD) for step_id, known in inputs.items()}
        call = _CALLS[step.step_id](self._around, **made)
        answer = self._reuse.ask(call, promised=self._promised())
        again = frozenset[StepId]().union(*(known.made_again for known in inputs.values()))
        self._foresee(step.step_id, answer, again)
        return Expectation(
            step_id=step.step_id,
            reuse=answer.artifact is not None,
            reason=_given(answer, again),
            input_hash=call.input_hash,
            saved_ms=answer.saved_ms,
            missing=None if answer.artifact is not None else call.missing(),
        )

    def _promised(self) -> frozenset[ContentHash]:
        """Name the bytes that steps before this one will have made again."""
        again = [known.artifact for step_id, known in self._foreseen.items() if step_id in known.made_again]
        attached = (
            digest for artifact in again for digest in artifact.metadata.get("attachments", {}).values()
        )
        return frozenset((*(artifact.content_hash for artifact in again), *attached))

    def _foresee(self, step_id: StepId, answer: CacheAnswer, again: frozenset[StepId]) -> None:
        """Remember what a step will come to: an earlier result, which is reused or made again byte for byte."""
        if answer.artifact is not None:
            self._foreseen[step_id] = _Foreseen(artifact=answer.artifact, made_again=again)
        elif answer.earlier is not None:
            self._foreseen[step_id] = _Foreseen(artifact=answer.earlier, made_again=again | {step_id})


def _given(answer: CacheAnswer, again: frozenset[StepId]) -> str:
    """Say on what a reuse rests, where something before it has to be made again."""
    if answer.artifact is None or not again:
        return answer.reason
    names = [step.step_id for step in STEPS if step.step_id in again]
    return f"{answer.reason}, once {listed(names)} {'is' if len(names) == 1 else 'are'} made again"
