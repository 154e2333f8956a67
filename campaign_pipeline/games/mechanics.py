"""The rules of one game: the template's, changed by the brief, held against the template's schema.

Belongs here: merging and checking mechanics, each refusal in a reader's words.
Does not belong here: what mechanics a game has (its template.yaml).
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from campaign_pipeline.errors import CampaignError, ErrorCode, shown
from campaign_pipeline.games.spec import MechanicsSpec
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.colour import hex_colour
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.merge import merge_patch
from campaign_pipeline.model.values import unknown_key_message

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_MAX_NAMED = 5
_COLOUR_KEY = "color"


def game_mechanics(brief: Brief, *, spec: MechanicsSpec) -> JsonObject:
    """Merge the brief's mechanics into the template's (objects by key, arrays as a whole) and check the result.

    A `color` within them may be any CSS colour; it becomes `#rrggbb`.

    Raises:
        CampaignError: VALIDATION_ERROR naming what the template's schema refuses.
    """
    merged: JsonObject = merge_patch(spec.defaults, brief.mechanics)
    if brief.outcome_mode is not None:
        merged = {**merged, "outcome_mode": brief.outcome_mode}
    mechanics: JsonObject = _with_hex_colours(merged, "mechanics")
    check_mechanics(mechanics, spec=spec)
    return mechanics


def check_mechanics(mechanics: JsonObject, *, spec: MechanicsSpec) -> None:
    """Hold mechanics against the template's schema.

    Raises:
        CampaignError: VALIDATION_ERROR naming what the schema refuses.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - only a build that misses the cache pays for it

    errors = sorted(
        Draft202012Validator(spec.rules).iter_errors(mechanics), key=lambda error: error.json_path
    )
    if errors:
        parts = [_worded(error) for error in errors[:_MAX_NAMED]]
        if len(errors) > _MAX_NAMED:
            parts.append(f"and {len(errors) - _MAX_NAMED} more")
        raise CampaignError(ErrorCode.VALIDATION_ERROR, "; ".join(parts))


def _with_hex_colours(value: Any, path: str) -> Any:
    if isinstance(value, dict):
        return {
            key: _colour(part, f"{path}.{key}")
            if key == _COLOUR_KEY and isinstance(part, str)
            else _with_hex_colours(part, f"{path}.{key}")
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_with_hex_colours(part, f"{path}[{index}]") for index, part in enumerate(value)]
    return value


def _colour(text: str, path: str) -> str:
    try:
        return hex_colour(text)
    except ValueError as error:
        raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{path}: {shown(text)} found; {error}") from None


def _worded(error: "ValidationError") -> str:
    path = error.json_path.replace("$", "mechanics", 1)
    if error.validator == "additionalProperties":
        return _unknown_key(error, path)
    if error.validator == "required":
        given: Any = error.instance
        needed: Any = error.validator_value
        missing = next(name for name in needed if name not in given)
        return f"{path}.{missing}: nothing found; a value is required"
    return f"{path}: {_found(error.instance)} found; {_right(error)} is expected"


def _unknown_key(error: "ValidationError", path: str) -> str:
    known = set(error.schema.get("properties", {})) if isinstance(error.schema, Mapping) else set()
    given: Any = error.instance
    strange = next(name for name in given if name not in known)
    return f"{path}.{strange}: {unknown_key_message(strange, known)}"


def _found(instance: object) -> str:
    return f"{len(instance)} entries" if isinstance(instance, list) else shown(instance)


_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}

_RIGHT: dict[str, Callable[[Any], str]] = {
    "type": lambda kind: _TYPES.get(str(kind), str(kind)),
    "enum": lambda values: " or ".join(map(str, values)),
    "const": str,
    "minimum": lambda limit: f"at least {limit}",
    "maximum": lambda limit: f"at most {limit}",
    "exclusiveMinimum": lambda limit: f"more than {limit}",
    "exclusiveMaximum": lambda limit: f"less than {limit}",
    "minItems": lambda limit: f"a list of at least {limit}",
    "maxItems": lambda limit: f"a list of at most {limit}",
    "minLength": lambda limit: f"text of at least {limit} characters",
    "maxLength": lambda limit: f"text of at most {limit} characters",
    "contains": lambda schema: f"at least one entry with {_constants(schema)}",
}


def _right(error: "ValidationError") -> str:
    word = _RIGHT.get(str(error.validator))
    return word(error.validator_value) if word else f"what {error.validator} {error.validator_value} allows"


def _constants(schema: Mapping[str, Any]) -> str:
    properties = schema.get("properties", {})
    named = [f"{name} {rule['const']}" for name, rule in properties.items() if "const" in rule]
    return " and ".join(named) or "what the template asks for"
