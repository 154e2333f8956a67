"""What a build does with earlier results, and how long new ones may be reused.

Belongs here: cache modes and policies, and reading them.
Does not belong here: what a run or a tag says instead (building.choices), reuse itself (building.reuse).
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, PlainSerializer

from campaign_pipeline.model.steps import STEP_BY_ID, STEPS
from campaign_pipeline.settings.environment import DURATION, invalid, span
from campaign_pipeline.storage.hashing import CacheScope

_SKILLS = frozenset(step.skill_id for step in STEPS)
_POLICY = re.compile(rf"(?P<skill>[a-z_]+)=(?P<scope>global|run_only)(:{DURATION.pattern})?")


class CacheMode(StrEnum):
    """What a build does with earlier results: take them, replace them, or leave them alone."""

    USE = "use"
    REFRESH = "refresh"
    OFF = "off"


@dataclass(frozen=True)
class CacheChoice:
    """A cache mode, and the steps that it is meant for.

    Args:
        step_ids: In build order; empty for every step. The others use earlier results.
    """

    mode: CacheMode = CacheMode.USE
    step_ids: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, *, source: str) -> Self:
        """Read a choice as somebody wrote it: `use`, `refresh`, `off`, or `refresh:bgm,game_config`.

        Raises:
            CampaignError: VALIDATION_ERROR, naming the source, when it is none of these.
        """
        mode, colon, named = text.partition(":")
        if not colon and mode in set(CacheMode):
            return cls(CacheMode(mode))
        step_ids = {step_id.strip() for step_id in named.split(",")}
        if mode == CacheMode.REFRESH and step_ids <= STEP_BY_ID.keys():
            return cls(CacheMode.REFRESH, tuple(step_id for step_id in STEP_BY_ID if step_id in step_ids))
        steps = ", ".join(STEP_BY_ID)
        raise invalid(
            source, text, f"'use', 'refresh', 'off', or 'refresh:' and steps with commas between ({steps})"
        )

    def of(self, step_id: str) -> CacheMode:
        """Tell what one step does with earlier results."""
        return self.mode if not self.step_ids or step_id in self.step_ids else CacheMode.USE

    def __str__(self) -> str:
        return f"{self.mode.value}:{','.join(self.step_ids)}" if self.step_ids else self.mode.value


def _choice(found: object) -> CacheChoice:
    return found if isinstance(found, CacheChoice) else CacheChoice.parse(str(found), source="trigger.cache")


CacheField = Annotated[CacheChoice, BeforeValidator(_choice), PlainSerializer(str)]
"""A choice as a model's field: in JSON it stands in its one spelling."""


@dataclass(frozen=True, kw_only=True)
class CachePolicy:
    """How long, and for whom, one skill's results may be reused."""

    scope: CacheScope = "global"
    lifetime: timedelta | None = None


def cache_policies(text: str, *, source: str) -> dict[str, CachePolicy]:
    """Read scope and lifetime by skill: `generate_bgm_track=global:30d,bundle_game_template=run_only`.

    Raises:
        CampaignError: VALIDATION_ERROR, naming the source.
    """
    policies: dict[str, CachePolicy] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        match = _POLICY.fullmatch(entry)
        if match is None:
            right = "skill=global|run_only, with :30d, :12h, :45m or :2w as lifetime where it has one,"
            raise invalid(source, entry, right)
        if match["skill"] not in _SKILLS:
            raise invalid(source, match["skill"], f"one of {', '.join(sorted(_SKILLS))}")
        lifetime = None if match["count"] is None else span(match)
        scope: CacheScope = "run_only" if match["scope"] == "run_only" else "global"
        policies[match["skill"]] = CachePolicy(scope=scope, lifetime=lifetime)
    return policies
