"""The four invocations of skills that make a campaign.

Belongs here: for each step, what its skill reads (and so what its input hash is taken over), and how to call it.
Does not belong here: what a skill does (skills), or whether it need be called at all (building.build).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

from campaign_pipeline.building.trigger import ProviderChoice, Trigger
from campaign_pipeline.games.catalogue import load_template
from campaign_pipeline.games.template import Template
from campaign_pipeline.model.audio import LoopPoints
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.checks import checks_to_json
from campaign_pipeline.model.digest import ContentHash, JsonObject, canonical_json
from campaign_pipeline.model.steps import STEP_BY_ID, Step
from campaign_pipeline.providers.access import Access
from campaign_pipeline.settings import Settings
from campaign_pipeline.skills.assemble_campaign_manifest import ManifestSource
from campaign_pipeline.storage import ArtifactRecord, ArtifactStore
from campaign_pipeline.storage.hashing import input_hash

if TYPE_CHECKING:
    from campaign_pipeline.skills.generate_bgm_track import BgmTrack


@dataclass(frozen=True)
class StoredArtifact:
    """An artifact of an earlier step, its bytes checked against their hash."""

    record: ArtifactRecord
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Product:
    """What a skill made, not stored yet.

    Args:
        describe: Gives the artifact's metadata, once the digest of `data` is known.
        references: Digests of stored bytes that the artifact needs beside its own.
        attachments: Further bytes to store beside it; their digests enter the metadata under their name.
    """

    data: bytes
    filename: str
    describe: Callable[[ContentHash], JsonObject]
    references: tuple[ContentHash, ...] = ()
    attachments: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StepCall:
    """One invocation of a skill: everything that shapes its result, and the function that makes it.

    Args:
        provider: Who is asked for the result; empty where the skill needs nobody.
        missing: Tells which setting is not there that asking them takes; None where nothing is wanting.
        substitutes: The same with another provider, for when this one fails; in the order in which they are tried.
        asked_hash: The hash of the call that this one stands in for.
    """

    step: Step
    version: str
    params: JsonObject
    inputs: Mapping[str, ContentHash]
    produce: Callable[[], Product]
    provider: str = ""
    missing: Callable[[], str | None] = lambda: None
    substitutes: tuple[Callable[[], "StepCall"], ...] = ()
    asked_hash: ContentHash | None = None

    @cached_property
    def input_hash(self) -> ContentHash:
        """The hash under which an equal invocation's result can be found."""
        return input_hash(self.step.skill_id, version=self.version, params=self.params, inputs=self.inputs)

    @property
    def step_hash(self) -> ContentHash:
        """What the step was asked, whoever comes to answer: the hash that its row keeps."""
        return self.asked_hash or self.input_hash

    @property
    def read(self) -> JsonObject:
        """What the input hash is taken over, kept so that a later miss can be explained."""
        return {"skill version": self.version, "params": self.params, "inputs": dict(self.inputs)}


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the calls of one run may know of it."""

    trigger: Trigger
    settings: Settings
    store: ArtifactStore
    first_built_at: Callable[[], datetime]
    built_at: datetime
    access: Access

    @cached_property
    def brief(self) -> Brief:
        """The brief that the run is held to."""
        return Brief.model_validate(self.trigger.brief)

    @property
    def template(self) -> Template:
        """The game's template."""
        return load_template(self.trigger.template_id)


def game_config_call(around: Surroundings) -> StepCall:
    """Write the game's configuration from the brief, its template and a text model."""
    return _with_substitutes(around.trigger.text, lambda choice: _game_config_call_by(choice, around))


def _game_config_call_by(choice: ProviderChoice, around: Surroundings) -> StepCall:
    from campaign_pipeline.providers.text_choice import text_model  # noqa: PLC0415  only this step
    from campaign_pipeline.skills import game_config_from_template as skill  # noqa: PLC0415  only this step

    brief, template, files = around.brief, around.template, around.trigger.files
    model = text_model(choice.provider, model=choice.model, access=around.access)

    def produce() -> Product:
        made = skill.game_config_from_template(brief, template=template, files=files, text_model=model)
        return Product(
            data=canonical_json(made.config.to_json()),
            filename="game_config.json",
            describe=lambda _: made.metadata,
            references=tuple(made.config.visuals.assets.values()),
        )

    return StepCall(
        step=STEP_BY_ID["game_config"],
        version=skill.VERSION,
        params=skill.params(brief, template=template, files=files, text_model=model),
        inputs={},
        produce=produce,
        provider=choice.provider,
        missing=partial(skill.missing, brief, template=template, text_model=model),
    )


def bgm_call(around: Surroundings) -> StepCall:
    """Make the background music that the brief asks for."""
    return _with_substitutes(around.trigger.audio, lambda choice: _bgm_call_by(choice, around))


def _bgm_call_by(choice: ProviderChoice, around: Surroundings) -> StepCall:
    from campaign_pipeline.providers.audio_choice import audio_model  # noqa: PLC0415  only this step
    from campaign_pipeline.skills import generate_bgm_track as skill  # noqa: PLC0415  only this step

    request = around.brief.audio.request()
    model = audio_model(choice.provider, model=choice.model, access=around.access)

    def produce() -> Product:
        track = skill.generate_bgm_track(request, model=model)
        return Product(
            data=track.data,
            filename=f"bgm.{track.extension}",
            describe=lambda digest: _music_metadata(track, uri=around.store.uri(digest)),
            attachments={"waveform": track.waveform_png},
        )

    # Under the name that the brief gives them: a miss is explained in those words.
    params = {"audio": skill.params(request, model=model)}
    return StepCall(
        step=STEP_BY_ID["bgm"],
        version=skill.VERSION,
        params=params,
        inputs={},
        produce=produce,
        provider=choice.provider,
        missing=model.missing,
    )


def game_bundle_call(around: Surroundings, *, game_config: StoredArtifact, bgm: StoredArtifact) -> StepCall:
    """Pack the game, its configuration and its music into one playable archive."""
    from campaign_pipeline.model.game_config import GameConfig  # noqa: PLC0415  only this step
    from campaign_pipeline.skills import bundle_game_template as skill  # noqa: PLC0415  only this step

    template, settings = around.template, around.settings
    loop = LoopPoints.model_validate(bgm.record.metadata["loop"])
    track_format = bgm.record.metadata["metadata"]["format"]

    def produce() -> Product:
        bundle = skill.bundle_game_template(
            GameConfig.model_validate_json(game_config.data),
            template=template,
            track=bgm.data,
            track_format=track_format,
            loop=loop,
            read_asset=around.store.read,
            epoch=settings.source_date_epoch,
            max_bundle_mb=settings.max_bundle_mb,
        )
        manifest = bundle.manifest.to_json()
        return Product(data=bundle.data, filename="game_bundle.zip", describe=lambda _: manifest)

    return StepCall(
        step=STEP_BY_ID["game_bundle"],
        version=skill.VERSION,
        params=skill.params(
            template=template, loop=loop, track_format=track_format, max_bundle_mb=settings.max_bundle_mb
        ),
        inputs=_hashes(game_config=game_config, bgm=bgm),
        produce=produce,
    )


def campaign_manifest_call(around: Surroundings, **made: StoredArtifact) -> StepCall:
    """Name every part of the campaign in one manifest.

    Args:
        made: The artifacts of the other three steps, by step.
    """
    from campaign_pipeline.skills import assemble_campaign_manifest as skill  # noqa: PLC0415  only this step

    brief, trigger, store = around.brief, around.trigger, around.store
    epoch = around.settings.source_date_epoch
    public_url = around.settings.public_url

    def produce() -> Product:
        fixed = None if epoch is None else datetime.fromtimestamp(epoch, UTC)
        manifest = skill.assemble_campaign_manifest(
            brief,
            campaign_id=trigger.campaign_id,
            artifacts={step_id: _source(artifact) for step_id, artifact in made.items()},
            files=trigger.files,
            uri_of=store.uri,
            exists=lambda digest: store.size(digest) is not None,
            public_url=public_url,
            created_at=fixed or around.first_built_at(),
            updated_at=fixed or around.built_at,
        )
        digests = [artifact.record.content_hash for artifact in made.values()]
        return Product(
            data=canonical_json(manifest.to_json()),
            filename="campaign_manifest.json",
            describe=lambda _: {"checksum": manifest.checksum, "campaign_name": manifest.campaign_name},
            references=(*digests, *(file.content_hash for file in trigger.files.values())),
        )

    return StepCall(
        step=STEP_BY_ID["campaign_manifest"],
        version=skill.VERSION,
        params=skill.params(
            brief, campaign_id=trigger.campaign_id, files=trigger.files, public_url=public_url
        ),
        inputs=_hashes(**made),
        produce=produce,
    )


def _with_substitutes(choice: ProviderChoice, call_by: Callable[[ProviderChoice], StepCall]) -> StepCall:
    """Give the call that asks the chosen provider, and how to ask those who may stand in for it."""
    asked = call_by(choice)

    def standing_in(fallback: ProviderChoice) -> StepCall:
        return replace(call_by(fallback), asked_hash=asked.input_hash)

    return replace(asked, substitutes=tuple(partial(standing_in, by) for by in choice.fallbacks))


def _music_metadata(track: "BgmTrack", *, uri: str) -> JsonObject:
    """AudioGenerationResult as the data model has it, and beside it what the player and the UI want to know."""
    from campaign_pipeline.providers.finishing.verification import VERIFIER  # noqa: PLC0415  only this step

    counted = {name: count for name, count in (("bpm", track.bpm), ("bars", track.bars)) if count is not None}
    music = {**counted, **track.measures, **track.details}
    return {
        **track.result(uri).as_json(),
        "loop": track.loop.model_dump(),
        "music": music,
        "checks": checks_to_json(track.checks, verifier=VERIFIER),
    }


def _source(artifact: StoredArtifact) -> ManifestSource:
    record, size_bytes = artifact.record, len(artifact.data)
    return ManifestSource(
        type=record.type, uri=record.uri, content_hash=record.content_hash, size_bytes=size_bytes
    )


def _hashes(**artifacts: StoredArtifact) -> dict[str, ContentHash]:
    return {step_id: artifact.record.content_hash for step_id, artifact in artifacts.items()}
