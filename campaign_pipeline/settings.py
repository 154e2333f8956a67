"""The environment, read once by call and checked when a run opens.

Belongs here: every variable that the pipeline reads, its default and what it may hold.
Does not belong here: what a brief, a tag or a run's configuration says instead (building.trigger).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from campaign_pipeline.errors import CampaignError, ErrorCode, shown
from campaign_pipeline.model.prices import Price
from campaign_pipeline.model.steps import STEPS
from campaign_pipeline.storage.hashing import CacheScope

_SKILLS = frozenset(step.skill_id for step in STEPS)
_LIFETIME_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(rf"(?P<count>[1-9]\d{{0,3}})(?P<unit>[{''.join(_LIFETIME_UNITS)}])")
_POLICY = re.compile(rf"(?P<skill>[a-z_]+)=(?P<scope>global|run_only)(:{_DURATION.pattern})?")

_DOLLARS = re.compile(r"\d{1,9}(\.\d{1,6})?")
_PRICE = re.compile(rf"(?P<model>[^=,\s]+)=(?P<first>{_DOLLARS.pattern})(/(?P<second>{_DOLLARS.pattern}))?")


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


def invalid(name: str, found: object, right: str) -> CampaignError:
    """Word a refused setting: its name, what was found, what would be right."""
    return CampaignError(ErrorCode.VALIDATION_ERROR, f"{name}: {shown(found)} found; {right} is expected")


def duration(text: str, *, source: str, or_else: str = "") -> timedelta:
    """Read a duration as somebody wrote it.

    Args:
        or_else: What else the source may say, for the message.

    Raises:
        CampaignError: VALIDATION_ERROR, naming the source, when it is none.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise invalid(source, text, f"a duration such as 90d, 12h, 45m or 2w{or_else}")
    return _span(match)


@dataclass(frozen=True)
class Settings:
    """The pipeline's settings over one environment; each is checked when it is first read."""

    environ: Mapping[str, str]

    @classmethod
    def from_environment(cls) -> "Settings":
        """Take the process's environment as it stands now."""
        return cls(dict(os.environ))

    def _text(self, name: str, default: str) -> str:
        return self.environ.get(name, "").strip() or default

    def _names(self, name: str) -> list[str]:
        """Read a list with commas between; nothing set is an empty one."""
        return [part for text in self._text(name, "").split(",") if (part := text.strip())]

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
        return _address("CAMPAIGN_PUBLIC_URL", text)

    @property
    def text_provider(self) -> str:
        """Who writes the game configuration, unless the brief says otherwise."""
        return self._text("CAMPAIGN_TEXT_PROVIDER", "template")

    @property
    def audio_provider(self) -> str:
        """Who makes the music, unless the brief says otherwise."""
        return self._text("CAMPAIGN_AUDIO_PROVIDER", "synth")

    @property
    def text_model(self) -> str | None:
        """Which of the text provider's models, unless the brief says otherwise: `CAMPAIGN_TEXT_MODEL`."""
        return self._text("CAMPAIGN_TEXT_MODEL", "") or None

    @property
    def audio_model(self) -> str | None:
        """Which of the audio provider's models, unless the brief says otherwise: `CAMPAIGN_AUDIO_MODEL`."""
        return self._text("CAMPAIGN_AUDIO_MODEL", "") or None

    @property
    def text_fallback(self) -> list[str]:
        """Who writes the game configuration when the provider fails, in order: `CAMPAIGN_TEXT_FALLBACK`."""
        return self._names("CAMPAIGN_TEXT_FALLBACK")

    @property
    def audio_fallback(self) -> list[str]:
        """Who makes the music when the provider fails, in order: `CAMPAIGN_AUDIO_FALLBACK`."""
        return self._names("CAMPAIGN_AUDIO_FALLBACK")

    @cached_property
    def anthropic_url(self) -> str:
        """Where Claude is reached: `ANTHROPIC_BASE_URL`, the vendor's own address or a LiteLLM proxy's."""
        return _address("ANTHROPIC_BASE_URL", self._text("ANTHROPIC_BASE_URL", "https://api.anthropic.com"))

    @property
    def anthropic_key(self) -> str | None:
        """The key that Claude asks for: `ANTHROPIC_API_KEY`."""
        return self._text("ANTHROPIC_API_KEY", "") or None

    @cached_property
    def litellm_url(self) -> str | None:
        """Where a LiteLLM proxy is reached: `LITELLM_BASE_URL`."""
        text = self._text("LITELLM_BASE_URL", "")
        return _address("LITELLM_BASE_URL", text) if text else None

    @property
    def litellm_key(self) -> str | None:
        """The key that the LiteLLM proxy asks for: `LITELLM_API_KEY`."""
        return self._text("LITELLM_API_KEY", "") or None

    @cached_property
    def provider_timeout_s(self) -> float:
        """After how long a provider that does not answer is given up: `CAMPAIGN_PROVIDER_TIMEOUT`, 2 minutes."""
        text = self._text("CAMPAIGN_PROVIDER_TIMEOUT", "120s")
        match = re.fullmatch(r"([1-9]\d{0,3})(s|m)", text)
        if match is None:
            raise invalid("CAMPAIGN_PROVIDER_TIMEOUT", text, "a duration such as 90s or 5m")
        return float(match[1]) * {"s": 1, "m": 60}[match[2]]

    @cached_property
    def max_cost_usd(self) -> float | None:
        """What one run may cost at most, in dollars: `CAMPAIGN_MAX_COST_USD`; by default there is no limit."""
        text = self._text("CAMPAIGN_MAX_COST_USD", "")
        if not text:
            return None
        if not _DOLLARS.fullmatch(text):
            raise invalid("CAMPAIGN_MAX_COST_USD", text, "an amount of dollars such as 2.50")
        return float(text)

    @cached_property
    def prices(self) -> dict[str, Price]:
        """What models take, in dollars: `CAMPAIGN_PRICES`, such as `claude-opus-4-1=15/75,lyria=0.06`.

        Two numbers are for a million tokens in and out; one is for a call.
        """
        prices: dict[str, Price] = {}
        entries = (part.strip() for part in self._text("CAMPAIGN_PRICES", "").split(","))
        for entry in filter(None, entries):
            match = _PRICE.fullmatch(entry)
            if match is None:
                right = "model=in/out dollars for a million tokens, or model=dollars for a call,"
                raise invalid("CAMPAIGN_PRICES", entry, right)
            first = float(match["first"])
            by_token = match["second"] is not None
            prices[match["model"]] = (
                Price(input_usd=first, output_usd=float(match["second"]))
                if by_token
                else Price(call_usd=first)
            )
        return prices

    @cached_property
    def cache(self) -> CacheMode:
        """The cache mode, unless a tag or the run's configuration says otherwise."""
        return CacheMode.parse(self._text("CAMPAIGN_CACHE", "use"), source="CAMPAIGN_CACHE")

    @cached_property
    def cache_policies(self) -> dict[str, CachePolicy]:
        """Scope and lifetime by skill: `generate_bgm_track=global:30d,bundle_game_template=run_only`."""
        policies: dict[str, CachePolicy] = {}
        entries = (part.strip() for part in self._text("CAMPAIGN_CACHE_POLICY", "").split(","))
        for entry in filter(None, entries):
            match = _POLICY.fullmatch(entry)
            if match is None:
                right = "skill=global|run_only, with :30d, :12h, :45m or :2w as lifetime where it has one,"
                raise invalid("CAMPAIGN_CACHE_POLICY", entry, right)
            if match["skill"] not in _SKILLS:
                raise invalid("CAMPAIGN_CACHE_POLICY", match["skill"], f"one of {', '.join(sorted(_SKILLS))}")
            policies[match["skill"]] = CachePolicy(scope=_scope(match["scope"]), lifetime=_lifetime(match))
        return policies

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
            self.anthropic_url,
            self.litellm_url,
            self.provider_timeout_s,
            self.max_cost_usd,
            self.prices,
        )

    def cache_policy(self, skill_id: str) -> CachePolicy:
        """Tell how a skill's results may be reused; by default for ever, within the tenant."""
        return self.cache_policies.get(skill_id, CachePolicy())


def _address(name: str, text: str) -> str:
    """Read an address that may be shown to anybody, and give it without a closing slash."""
    parts = urlsplit(text)
    refused = (parts.query, parts.fragment, parts.username, parts.password)
    if parts.scheme not in {"http", "https"} or not parts.hostname or any(refused):
        raise invalid(name, text, "an http(s) address without password, query or fragment")
    return text.rstrip("/")


def _scope(text: str) -> CacheScope:
    return "run_only" if text == "run_only" else "global"


def _lifetime(match: re.Match[str]) -> timedelta | None:
    return None if match["count"] is None else _span(match)


def _span(match: re.Match[str]) -> timedelta:
    return timedelta(**{_LIFETIME_UNITS[match["unit"]]: int(match["count"])})
