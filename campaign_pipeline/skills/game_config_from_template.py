"""Skill: a game's configuration from its template, a theme, a difficulty table, the brief and a text model.

Belongs here: which words, numbers and colours the game gets, and where each comes from: the brief goes before the
model, and the model before the template, field by field.
Does not belong here: the game's own rules (games.mechanics), what a template declares (games), what a model is asked
(skills.wording), what is verified (skills.config_checks).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pydantic import ValidationError

from campaign_pipeline.errors import CampaignError, ErrorCode, refusal
from campaign_pipeline.games.mechanics import game_mechanics
from campaign_pipeline.games.template import Template
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.model.files import StoredFile
from campaign_pipeline.model.game_config import GameConfig
from campaign_pipeline.providers.text import TextModel

if TYPE_CHECKING:  # a build that reuses everything has no request, no answer and nothing to verify
    from campaign_pipeline.model.checks import Check
    from campaign_pipeline.model.game_text import GameText, TextRequest

SKILL_ID = "game_config_from_template"
VERSION = "1.2.2"
VERIFIER = "1.0.0"
"""The version of what a configuration is held against; with another one it is made and verified again."""


@dataclass(frozen=True, kw_only=True)
class VerifiedConfig:
    """A game's configuration, and what was verified of it."""

    config: GameConfig
    checks: "tuple[Check, ...]"

    @property
    def metadata(self) -> JsonObject:
        """What the artifact's metadata say of it."""
        from campaign_pipeline.model.checks import checks_to_json  # noqa: PLC0415  only what is made has verdicts

        return {
            "template_id": self.config.template_id,
            "theme": self.config.visuals.theme,
            "checks": checks_to_json(self.checks, verifier=VERIFIER),
        }


def params(
    brief: Brief, *, template: Template, files: Mapping[str, StoredFile], text_model: TextModel
) -> JsonObject:
    """Name everything that shapes the configuration: what skill and model read of the brief, and the template's digest.

    Args:
        text_model: Who writes the words that the brief leaves open.
    """
    return {
        "template": {
            "id": template.template_id,
            "version": template.version,
            "digest": template.config_digest,
        },
        "theme": brief.theme,
        "difficulty": brief.difficulty.to_json(),
        "duration_sec": brief.duration_sec,
        "locale": brief.locale,
        "colors": brief.colors.to_json(),
        "mechanics": brief.mechanics,
        "outcome_mode": brief.outcome_mode,
        "copy": brief.texts.to_json(),
        "text": {
            "provider": text_model.provider_id,
            "model": text_model.model,
            "version": text_model.version,
            **text_model.params(partial(_request, brief, template)),
        },
        "verifier": VERIFIER,
        "loopable": brief.audio.loopable,
        "assets": _assets(brief, template=template, files=files),
    }


def missing(brief: Brief, *, template: Template, text_model: TextModel) -> str | None:
    """Say which setting is not there that writing the words takes; None where nothing is wanting."""
    return text_model.missing(partial(_request, brief, template))


def game_config_from_template(
    brief: Brief, *, template: Template, files: Mapping[str, StoredFile], text_model: TextModel
) -> VerifiedConfig:
    """Write the game's configuration and verify it; the same brief, template and answer give the same one.

    Raises:
        CampaignError: VALIDATION_ERROR when the brief asks for what the template does not have, or its mechanics
            break the template's schema; what the text model raises.
    """
    from campaign_pipeline.skills.config_checks import config_checks, refuse_failed  # noqa: PLC0415  as above

    template.check_brief(brief)
    text = text_model.write(_request(brief, template))
    config = _config(brief, template, files, text)
    try:
        checks = config_checks(config, template=template)
    except CampaignError as error:
        # The brief's mechanics were found right before a model's words were put into them.
        message = f"what {text_model.provider_id} wrote does not fit {template.template_id}: {error.message}"
        raise CampaignError(ErrorCode.GENERATION_FAILED, message) from None
    refuse_failed(checks, brief=brief)
    return VerifiedConfig(config=config, checks=checks)


def _request(brief: Brief, template: Template) -> "TextRequest":
    from campaign_pipeline.skills.wording import text_request  # noqa: PLC0415  not every model reads a request

    return text_request(brief, template=template)


def _config(
    brief: Brief, template: Template, files: Mapping[str, StoredFile], text: "GameText"
) -> GameConfig:
    from campaign_pipeline.skills.wording import worded  # noqa: PLC0415  only a configuration that is made has words

    spec = template.spec
    config: JsonObject = {
        "template_id": template.template_id,
        "version": template.version,
        "settings": _settings(brief, template),
        "visuals": _visuals(brief, template, files, text),
        "audio": _audio(brief, template),
        "mechanics": worded(game_mechanics(brief, spec=spec.mechanics), text, written=spec.written),
        "copy": {
            **spec.copy_for(brief.locale).to_json(),
            **text.texts.to_json(),
            **brief.texts.to_json(),
        },
    }
    try:
        return GameConfig.model_validate(config)
    except ValidationError as error:
        raise refusal(error, subject="game_config") from None


def _settings(brief: Brief, template: Template) -> JsonObject:
    level = template.level(brief)
    return {
        "duration_sec": template.spec.duration_sec if brief.duration_sec is None else brief.duration_sec,
        "difficulty": {"level": brief.difficulty.level, **level.to_json()},
        "locale": brief.locale,
    }


def _visuals(
    brief: Brief, template: Template, files: Mapping[str, StoredFile], text: "GameText"
) -> JsonObject:
    theme = template.spec.themes[brief.theme]
    return {
        "theme": brief.theme,
        "colors": {**theme.colors.to_json(), **text.colors.to_json(), **brief.colors.to_json()},
        "assets": _assets(brief, template=template, files=files),
        "animations": theme.animations,
    }


def _audio(brief: Brief, template: Template) -> JsonObject:
    audio = template.spec.audio.to_json()
    bgm = audio["bgm"]
    return {**audio, "bgm": {**bgm, "loop": bgm["loop"] and brief.audio.loopable}}


def _assets(brief: Brief, *, template: Template, files: Mapping[str, StoredFile]) -> dict[str, ContentHash]:
    """Map each filled slot to its file; a slot that the brief fills itself goes before the brand's logo."""
    references = brief.file_references()
    return {
        slot: _stored(field, references[field], files=files)
        for slot, field in template.slot_fields(brief).items()
    }


def _stored(field: str, path: str, *, files: Mapping[str, StoredFile]) -> ContentHash:
    if field not in files:
        message = f"{field}: {path} was not taken into the store; build the campaign again"
        raise CampaignError(ErrorCode.MISSING_ASSET, message)
    return files[field].content_hash
