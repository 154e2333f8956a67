"""What a build does with earlier results, and how long new ones may be reused.

Belongs here: cache modes and policies, and reading them.
Does not belong here: what a run or a tag says instead (building.choices), reuse itself (building.reuse).
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from campaign_pipeline.model.steps import STEPS
from campaign_pipeline.settings.environment import DURATION, invalid, span
from campaign_pipeline.storage.hashing import CacheScope

_SKILLS = frozenset(step.skill_id for step in STEPS)
_POLICY = re.compile(rf"(?P<skill>[a-z_]+)=(?P<scope>global|run_only)(:{DURATION.pattern})?")


class CacheMode(StrEnum):
    """What a build does with earlier results: take them, replace them, or leave them alone."""

    USE = "use"
    REFRESH = "refresh"
    OFF = "off"

    @classmethod
    def parse(cls, text: str, *, source: str) -> "CacheMode":
        """Read a cache mode as somebody wrote it.

        Raises:
            CampaignError: VALIDATION_ERROR, naming the source, when it is none of the three.
        """
        try:
            return cls(text)
        except ValueError:
            raise invalid(source, text, "use, refresh or off") from None


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
