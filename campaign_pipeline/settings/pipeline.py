"""The environment's settings, read once by call and checked when a run opens.

Belongs here: every variable that the pipeline reads, its default and what it may hold; those of providers in
settings.providers.
Does not belong here: what a brief, a tag or a run's configuration says instead (building.trigger).
"""

import re
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from campaign_pipeline.settings.cache import CacheChoice, CachePolicy, cache_policies
from campaign_pipeline.settings.environment import address, duration, invalid
from campaign_pipeline.settings.providers import ProviderSettings


class Settings(ProviderSettings):
    """The pipeline's settings over one environment; each is checked when it is first read."""

    @property
    def briefs_dir(self) -> Path:
        """The folder of the briefs, one folder a tenant."""
        return Path(self._text("CAMPAIGN_BRIEFS_DIR", "briefs"))

    @property
    def database_url(self) -> str:
        """The ledger's address: `sqlite:///…` or `postgresql://…`."""
        return self._text("CAMPAIGN_DATABASE_URL", "sqlite:///.campaign/ledger.db")

    @property
    def store_url(self) -> str:
        """The artifact store's place: a folder."""
        return self._text("CAMPAIGN_STORE_URL", ".campaign/store")

    @cached_property
    def public_url(self) -> str | None:
        """What stands before the store's paths in manifests, without a closing slash."""
        text = self._text("CAMPAIGN_PUBLIC_URL", "")
        if not text:
            return None
        # A user name or password would stand in every manifest, for every player to read.
        return address("CAMPAIGN_PUBLIC_URL", text)

    @cached_property
    def cache(self) -> CacheChoice:
        """What is done with earlier results, unless a tag or the run's configuration says otherwise."""
        return CacheChoice.parse(self._text("CAMPAIGN_CACHE", "use"), source="CAMPAIGN_CACHE")

    @cached_property
    def cache_policies(self) -> dict[str, CachePolicy]:
        """Scope and lifetime by skill: `generate_bgm_track=global:30d,bundle_game_template=run_only`."""
        return cache_policies(self._text("CAMPAIGN_CACHE_POLICY", ""), source="CAMPAIGN_CACHE_POLICY")

    @cached_property
    def max_bundle_mb(self) -> float:
        """The size that no bundle may pass, in megabytes of a million bytes."""
        text = self._text("CAMPAIGN_MAX_BUNDLE_MB", "5")
        try:
            size = float(text)
        except ValueError:
            size = 0.0
        if not 0 < size <= 1000:  # noqa: PLR2004  a gigabyte is beyond anything a browser should be sent
            raise invalid("CAMPAIGN_MAX_BUNDLE_MB", text, "a number above 0 and at most 1000")
        return size

    @cached_property
    def source_date_epoch(self) -> int | None:
        """The one time that reproducible builds write, in seconds since 1970.

        Source:
            reproducible-builds.org, SOURCE_DATE_EPOCH specification.
        """
        text = self._text("SOURCE_DATE_EPOCH", "")
        if not text:
            return None
        # Twelve digits reach the year 33658; what lies beyond 9999 no date format here can write.
        if not re.fullmatch(r"\d{1,12}", text) or int(text) > 253_402_300_799:  # noqa: PLR2004  9999-12-31T23:59:59Z
            raise invalid("SOURCE_DATE_EPOCH", text, "a whole number of seconds since 1970")
        return int(text)

    @cached_property
    def answer_lifetime(self) -> timedelta | None:
        """How long a paid provider's raw answer may be used again: `CAMPAIGN_ANSWERS_KEPT`, 90 days by default."""
        return self._duration("CAMPAIGN_ANSWERS_KEPT", "90d")

    @cached_property
    def gc_grace(self) -> timedelta:
        """How old bytes that nobody refers to, and rows that have expired, must be before they are collected."""
        return duration(self._text("CAMPAIGN_GC_GRACE", "24h"), source="CAMPAIGN_GC_GRACE")

    @cached_property
    def retention(self) -> timedelta | None:
        """How long runs are kept whole after they ended; None, the default, is for ever."""
        return self._duration("CAMPAIGN_RETENTION", "forever")

    def _duration(self, name: str, default: str) -> timedelta | None:
        text = self._text(name, default)
        return None if text == "forever" else duration(text, source=name, or_else=", or forever,")

    def check(self) -> None:
        """Read every setting that can be wrong, so that a build stops before it works.

        Raises:
            CampaignError: VALIDATION_ERROR for the first one that is.
        """
        _ = (
            self.public_url,
            self.cache,
            self.cache_policies,
            self.max_bundle_mb,
            self.source_date_epoch,
            self.answer_lifetime,
        )
        self._check_providers()

    def cache_policy(self, skill_id: str) -> CachePolicy:
        """Tell how a skill's results may be reused; by default for ever, within the tenant."""
        return self.cache_policies.get(skill_id, CachePolicy())
