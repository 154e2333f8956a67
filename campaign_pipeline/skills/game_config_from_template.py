"""Skill: a game's configuration from its template, a theme, a difficulty table and the brief.

Belongs here: which words, numbers and colours the game gets, and where each comes from.
Does not belong here: the game's own rules (games.mechanics) or what a template declares (games).
"""

from collections.abc import Mapping

from pydantic import ValidationError

from campaign_pipeline.errors import CampaignError, ErrorCode, refusal
from campaign_pipeline.games.mechanics import game_mechanics
from campaign_pipeline.games.template import Template
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.model.files import StoredFile
from campaign_pipeline.model.game_config import GameConfig

SKILL_ID = "game_config_from_template"
VERSION = "1.0.0"


def params(
    brief: Brief,
    *,
    template: Template,
    files: Mapping[str, StoredFile],
    provider: str,
    model: str | None,
) -> JsonObject:
    """Name everything that shapes the configuration: what the skill reads of the brief, and the template's digest.

    Args:
        provider: Who writes the words that the brief leaves open.
        model: Which of the provider's models.
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
        "text": {"provider": provider, "model": model},
        "loopable": brief.audio.loopable,
        "assets": _assets(brief, template=template, files=files),
    }


def game_config_from_template(
    brief: Brief, *, template: Template, files: Mapping[str, StoredFile]
) -> GameConfig:
    """Write the game's configuration; the same brief and template give the same one.

    Raises:
        CampaignError: VALIDATION_ERROR when the brief asks for what the template does not have, or its mechanics
            break the template's schema.
    """
    template.check_brief(brief)
    config: JsonObject = {
        "template_id": template.template_id,
        "version": template.version,
        "settings": _settings(brief, template),
        "visuals": _visuals(brief, template, files),
        "audio": _audio(brief, template),
        "mechanics": game_mechanics(brief, spec=template.spec.mechanics),
        "copy": {**template.spec.copy_for(brief.locale).to_json(), **brief.texts.to_json()},
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


def _visuals(brief: Brief, template: Template, files: Mapping[str, StoredFile]) -> JsonObject:
    theme = template.spec.themes[brief.theme]
    return {
        "theme": brief.theme,
        "colors": {**theme.colors.to_json(), **brief.colors.to_json()},
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
