"""The four steps of a campaign build and what each is made from.

Belongs here: step, skill and artifact type names of the contract, and the graph between them.
Does not belong here: what a skill does (skills) or how a step is run (building).
"""

from dataclasses import dataclass
from typing import Literal

StepId = Literal["game_config", "bgm", "game_bundle", "campaign_manifest"]
ArtifactType = Literal["json/game-config", "audio/bgm", "bundle/game", "json/campaign-manifest"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: its names in the tables and the steps whose artifacts it reads."""

    step_id: StepId
    skill_id: str
    artifact_type: ArtifactType
    upstream: tuple[StepId, ...] = ()


STEPS: tuple[Step, ...] = (
    Step(step_id="game_config", skill_id="game_config_from_template", artifact_type="json/game-config"),
    Step(step_id="bgm", skill_id="generate_bgm_track", artifact_type="audio/bgm"),
    Step(
        step_id="game_bundle",
        skill_id="bundle_game_template",
        artifact_type="bundle/game",
        upstream=("game_config", "bgm"),
    ),
    Step(
        step_id="campaign_manifest",
        skill_id="assemble_campaign_manifest",
        artifact_type="json/campaign-manifest",
        upstream=("game_config", "bgm", "game_bundle"),
    ),
)
"""In build order: a step stands after every step that it reads."""

STEP_BY_ID: dict[str, Step] = {step.step_id: step for step in STEPS}


def downstream_of(step_id: str) -> frozenset[str]:
    """Name every step that cannot run when this one fails."""
    behind: set[str] = set()
    for step in STEPS:
        if step_id in step.upstream or behind.intersection(step.upstream):
            behind.add(step.step_id)
    return frozenset(behind)
