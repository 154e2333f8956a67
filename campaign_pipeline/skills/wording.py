"""What a text model is asked for a game, and where its words go.

Belongs here: the request that brief and template leave, and putting an answer's names and questions into the mechanics.
Does not belong here: asking (providers), copy and colours (skills.game_config_from_template).
"""

from typing import Any

from campaign_pipeline.games.spec import WrittenPrizes, WrittenSpec
from campaign_pipeline.games.template import Template
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.game_text import GameText, PrizeToName, TextLimits, TextRequest

_ANY_PRIZE = 60
"""The limit that is told where no prize is to be named."""


def text_request(brief: Brief, *, template: Template) -> TextRequest:
    """Say what a text model may know of a campaign, and what the brief leaves for it to write."""
    spec, written = template.spec, template.spec.written
    brand = {"brand_name": brief.branding.brand_name} if brief.branding else {}
    limit = written.prizes.max_length if written.prizes else _ANY_PRIZE
    return TextRequest(
        campaign_name=brief.campaign_name,
        template_id=template.template_id,
        game=f"{spec.title}: {spec.description}",
        theme=brief.theme,
        level=brief.difficulty.level,
        locale=brief.locale,
        limits=TextLimits(**spec.texts.limits.to_json(), prize=limit),
        given={**brief.texts.to_json(), **_named_by(brief, written.prizes)},
        given_colors=brief.colors.to_json(),
        theme_colors=spec.themes[brief.theme].colors,
        prizes=_to_name(brief, template),
        questions=_to_ask(brief, written),
        **brand,
    )


def worded(mechanics: JsonObject, text: GameText, *, written: WrittenSpec) -> JsonObject:
    """Put an answer's names and questions where the template lets a model write; everything else stays as it is."""
    changed = dict(mechanics)
    if written.prizes and text.prizes:
        place = written.prizes
        entries = zip(mechanics[place.path], text.prizes, strict=True)
        changed[place.path] = [{**entry, place.field: name} for entry, name in entries]
    if written.questions and text.questions:
        changed[written.questions.path] = [question.to_json() for question in text.questions]
    return changed


def _to_name(brief: Brief, template: Template) -> list[PrizeToName]:
    """List the template's own places; those that a brief lays out are its own to name."""
    place = template.spec.written.prizes
    if place is None or place.path in brief.mechanics:
        return []
    entries = template.spec.mechanics.defaults[place.path]
    return [PrizeToName(wins=_wins(entry, place), current=entry[place.field]) for entry in entries]


def _to_ask(brief: Brief, written: WrittenSpec) -> int:
    return (
        written.questions.count if written.questions and written.questions.path not in brief.mechanics else 0
    )


def _named_by(brief: Brief, place: WrittenPrizes | None) -> dict[str, str]:
    """Tell what the brief gives away, for the rest has to go with it."""
    entries = brief.mechanics.get(place.path) if place else None
    named = [
        str(entry.get(place.field, ""))
        for entry in (entries if isinstance(entries, list) else [])
        if place and isinstance(entry, dict) and _wins(entry, place)
    ]
    return {"prizes": "; ".join(named)} if any(named) else {}


def _wins(entry: dict[str, Any], place: WrittenPrizes) -> bool:
    return all(entry.get(key) == value for key, value in place.wins.items())
