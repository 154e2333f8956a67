"""What a run was asked to build, settled once and frozen in `run.trigger`.

Belongs here: the order as Dagster hands it over, and its resolution: parent or base run, overrides, brief, files,
cache mode and providers in their order of precedence.
Does not belong here: how a brief file is read (building.brief_file) or a step is run (building.build).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from campaign_pipeline.building.brief_file import local_files, read_brief, resolve_brief
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.games.catalogue import load_template
from campaign_pipeline.model.brief import Brief, BriefText
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.files import StoredFile
from campaign_pipeline.providers.audio import audio_model
from campaign_pipeline.providers.text import check_text_provider
from campaign_pipeline.settings import CacheMode, Settings
from campaign_pipeline.storage import ArtifactStore, TenantLedger

CACHE_TAG = "campaign/cache"
TEXT_PROVIDER_TAG = "campaign/text_provider"
AUDIO_PROVIDER_TAG = "campaign/audio_provider"


@dataclass(frozen=True, kw_only=True)
class RunOrder:
    """A run as it was launched, before anything of it was looked up."""

    run_id: str
    tenant_id: str
    campaign_id: str
    workflow_name: str
    step_ids: tuple[str, ...]
    overrides: JsonObject = field(default_factory=dict)
    base_run_id: str | None = None
    cache: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    parent_run_id: str | None = None
    root_run_id: str | None = None
    launched_by: str = "dagster"

    @property
    def key(self) -> str:
        """The partition key, `<tenant>/<campaign>`."""
        return f"{self.tenant_id}/{self.campaign_id}"

    def unresolved_trigger(self) -> JsonObject:
        """Say what is known of the trigger before the brief was read."""
        return {
            "tenant_id": self.tenant_id,
            "campaign_id": self.campaign_id,
            "template_id": None,
            "brief": None,
            "overrides": self.overrides,
            "base_run_id": self.base_run_id,
            "cache": self.cache,
            "launched_by": self.launched_by,
        }


class ProviderChoice(BaseModel):
    """Which provider a port uses in this run, and which of its models."""

    model_config = ConfigDict(frozen=True)

    provider: str
    model: str | None = None


class Trigger(BaseModel):
    """The frozen trigger: all that the run's steps may know of the world outside."""

    model_config = ConfigDict(frozen=True)

    tenant_id: str
    campaign_id: str
    template_id: str
    brief: JsonObject
    overrides: JsonObject
    base_run_id: str | None
    cache: CacheMode
    launched_by: str
    files: dict[str, StoredFile]
    text: ProviderChoice
    audio: ProviderChoice

    def to_json(self) -> JsonObject:
        """Give the form that `run.trigger` keeps."""
        return self.model_dump(mode="json")


class TriggerResolver:
    """Turns an order into the trigger that the run is held to."""

    def __init__(self, *, settings: Settings, ledger: TenantLedger, store: ArtifactStore) -> None:
        self._settings = settings
        self._ledger = ledger
        self._store = store

    def resolve(self, order: RunOrder) -> Trigger:
        """Read the brief, check it, and take the files it names into the store.

        Raises:
            CampaignError: Whatever stops this build before a step can work, in the contract's codes.
        """
        self._settings.check()
        inherited = self._parent_trigger(order)
        if inherited is not None:
            return inherited
        cache = self._cache_mode(order)
        base = self._base_trigger(order)
        raw = (
            base.brief if base else read_brief(self._settings.briefs_dir, order.tenant_id, order.campaign_id)
        )
        brief = resolve_brief(
            raw, overrides=order.overrides, tenant=order.tenant_id, campaign=order.campaign_id
        )
        template = load_template(brief.template_id)
        template.check_brief(brief)
        text, audio = self._text_choice(order, brief), self._audio_choice(order, brief)
        return Trigger(
            tenant_id=order.tenant_id,
            campaign_id=order.campaign_id,
            template_id=template.template_id,
            brief=brief.to_json(),
            overrides=order.overrides,
            base_run_id=order.base_run_id,
            cache=cache,
            launched_by=order.launched_by,
            text=text,
            audio=audio,
            files=self._take_in(brief, order, base),
        )

    def _parent_trigger(self, order: RunOrder) -> Trigger | None:
        """A re-execution builds what its parent was asked to build, whatever the brief says by now."""
        if order.parent_run_id is None:
            return None
        parent = self._ledger.run(order.parent_run_id)
        if parent is None or parent.trigger.get("brief") is None:
            return None
        return Trigger.model_validate(parent.trigger)

    def _base_trigger(self, order: RunOrder) -> Trigger | None:
        if order.base_run_id is None:
            return None
        base = self._ledger.run(order.base_run_id)
        if base is None or base.campaign_id != order.campaign_id:
            message = (
                f"base_run_id: {order.base_run_id} is no run of {order.key}; `campaign show {order.key}`"
            )
            raise CampaignError(ErrorCode.BASE_RUN_NOT_FOUND, f"{message} names its newest one")
        if base.status != "completed":
            message = f"base_run_id: {order.base_run_id} is {base.status}; only a completed run can be a base"
            raise CampaignError(ErrorCode.INCOMPLETE_BASE_RUN, message)
        return Trigger.model_validate(base.trigger)

    def _cache_mode(self, order: RunOrder) -> CacheMode:
        if order.cache is not None:
            return CacheMode.parse(order.cache, source="resources.trigger.config.cache")
        if CACHE_TAG in order.tags:
            return CacheMode.parse(order.tags[CACHE_TAG], source=f"tag {CACHE_TAG}")
        return self._settings.cache

    def _text_choice(self, order: RunOrder, brief: Brief) -> ProviderChoice:
        asked = brief.text or BriefText()
        said = _first(_override(order, "text"), order.tags.get(TEXT_PROVIDER_TAG), asked.provider)
        choice = ProviderChoice(provider=said or self._settings.text_provider, model=asked.model)
        check_text_provider(choice.provider, model=choice.model)
        return choice

    def _audio_choice(self, order: RunOrder, brief: Brief) -> ProviderChoice:
        said = _first(_override(order, "audio"), order.tags.get(AUDIO_PROVIDER_TAG), brief.audio.provider)
        choice = ProviderChoice(provider=said or self._settings.audio_provider, model=brief.audio.model)
        audio_model(choice.provider, model=choice.model)  # refused now, before anything works
        return choice

    def _take_in(self, brief: Brief, order: RunOrder, base: Trigger | None) -> dict[str, StoredFile]:
        """Copy the brief's local files into the store; what a base run took in and still names is there already."""
        known = _unchanged_files(brief, base)
        folder = self._settings.briefs_dir / order.tenant_id
        paths = local_files(brief, brief_dir=folder, except_fields=frozenset(known))
        stored = {}
        for name, path in paths.items():
            blob = self._store.put_file(path)
            stored[name] = StoredFile.of(path, content_hash=blob.content_hash, size_bytes=blob.size_bytes)
        return {**known, **stored}


def _unchanged_files(brief: Brief, base: Trigger | None) -> dict[str, StoredFile]:
    if base is None:
        return {}
    now = brief.file_references()
    then = Brief.model_validate(base.brief).file_references()
    return {name: file for name, file in base.files.items() if now.get(name) == then.get(name)}


def _override(order: RunOrder, section: str) -> str | None:
    value: Any = order.overrides.get(section)
    return value.get("provider") if isinstance(value, dict) else None


def _first(*choices: str | None) -> str | None:
    return next((choice for choice in choices if choice), None)
