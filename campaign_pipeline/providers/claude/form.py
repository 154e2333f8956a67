"""The form in which Claude is asked to answer: a JSON Schema of what a request leaves open.

Belongs here: that schema, of which nothing but copy, names, colours and questions is part.
Does not belong here: holding an answer against the rules (providers.claude.judgement).

The vendor's structured output knows types but neither lengths nor ranges: those stand in the descriptions, for the
model to read, and are checked afterwards.
"""

from collections.abc import Mapping

from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.game_text import OPTIONS, TextRequest


def answer_form(request: TextRequest) -> JsonObject:
    """Give the schema of the answer to a request; its properties are empty where the request leaves nothing open."""
    parts = {
        "copy": _copy(request),
        "prizes": _prizes(request),
        "colors": _colors(request),
        "questions": _questions(request),
    }
    return _object({name: part for name, part in parts.items() if part is not None})


def _copy(request: TextRequest) -> JsonObject | None:
    limits = request.limits.to_json()
    texts = {name: _text(f"At most {limits[name]} characters.") for name in request.open_texts}
    return _object(texts) if texts else None


def _prizes(request: TextRequest) -> JsonObject | None:
    count = len(request.prizes)
    if not count:
        return None
    name = _text(f"At most {request.limits.prize} characters.")
    return {
        "type": "array",
        "items": name,
        "description": f"Exactly {count} names, in the order of the request.",
    }


def _colors(request: TextRequest) -> JsonObject | None:
    colors = {name: _text("#rrggbb") for name in request.open_colors}
    return _object(colors) if colors else None


def _questions(request: TextRequest) -> JsonObject | None:
    if not request.questions:
        return None
    option = _object({"text": _text("At most 60 characters."), "right": {"type": "boolean"}})
    options = {"type": "array", "items": option, "description": f"Exactly {OPTIONS}, one of them right."}
    question = _object({"question": _text("At most 140 characters."), "options": options})
    return {"type": "array", "items": question, "description": f"Exactly {request.questions} questions."}


def _text(description: str) -> JsonObject:
    return {"type": "string", "description": description}


def _object(properties: Mapping[str, JsonObject]) -> JsonObject:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
