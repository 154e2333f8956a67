"""The kinds of values that the models are made of.

Belongs here: the strict model that every other one extends; numbers, names and JSON values with their ranges.
Does not belong here: text for people (model.text), references to files (model.references), model.colour.
"""

import math
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.text import refused_character

Level = Literal["easy", "medium", "hard"]

MAX_EXACT_INTEGER = 2**53 - 1
"""The largest integer that canonical JSON spells exactly (RFC 8785)."""

_MAX_JSON_DEPTH = 20


class StrictModel(BaseModel):
    """A frozen value that takes its keys as they are written and no others."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        serialize_by_alias=True,
        # A build that reuses everything validates a brief and nothing else: the other validators are never made.
        defer_build=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _name_strange_keys(cls, value: Any) -> Any:
        """Refuse unknown keys with the nearest known one, and keys without a value."""
        if not isinstance(value, dict):
            return value
        known = {field.alias or name for name, field in cls.model_fields.items()}
        problems = [
            _strange(key, value[key], known, within=cls)
            for key in value
            if key not in known or value[key] is None
        ]
        if problems:
            raise ValidationError.from_exception_data(cls.__name__, problems)
        return value

    def to_json(self) -> JsonObject:
        """Spell it as JSON, under the data model's keys, without the optional ones that were not given."""
        return self.model_dump(mode="json", exclude_none=True)


def _strange(key: Any, value: Any, known: set[str], *, within: type[BaseModel]) -> InitErrorDetails:
    if key in known:
        problem = PydanticCustomError(
            "rule",
            "nothing found; a value is expected (in quotes where it begins with #), or leave the key out",
        )
    else:
        message = unknown_key_message(key, known, nested=list(_nested_fields(within)))
        problem = PydanticCustomError("rule", "{message}", {"message": message})
    return InitErrorDetails(type=problem, loc=(str(key),), input=value)


def _nested_fields(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Give the paths of the fields within a model's fields, the shallow ones of each before the deep ones."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        if prefix:
            yield path
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _nested_fields(kind, f"{path}.")


def unknown_key_message(key: object, known: set[str], *, nested: Collection[str] = ()) -> str:
    """Say that a key is unknown, and which known one is nearest or which there are.

    Args:
        nested: Paths of fields deeper down, whose last part may be what was meant.
    """
    near = _namesakes(str(key), nested) or get_close_matches(str(key), sorted(known), n=1)
    if not near:
        [last] = get_close_matches(str(key), sorted({_last(path) for path in nested}), n=1) or [""]
        near = _namesakes(last, nested)
    if near:
        return f"unknown key; did you mean {' or '.join(near)}?"
    return f"unknown key; {', '.join(sorted(known)) or 'no key'} is expected"


def _namesakes(name: str, paths: Collection[str]) -> list[str]:
    return [path for path in paths if _last(path) == name]


def _last(path: str) -> str:
    return path.rpartition(".")[2]


class Expected:
    """Annotates a type with what would be right, said instead of the parts of it that were wrong."""

    def __init__(self, phrase: str) -> None:
        self._phrase = phrase

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Replace every error of the inner type by the one phrase."""
        return core_schema.custom_error_schema(
            handler(source),
            custom_error_type="expected",
            custom_error_message=f"{self._phrase} is expected",
        )


Fraction = Annotated[float, Field(ge=0, le=1), Expected("a number from 0 to 1")]
PositiveFraction = Annotated[float, Field(gt=0, le=1), Expected("a number above 0 and at most 1")]
PositiveNumber = Annotated[float, Field(gt=0), Expected("a number above 0")]

SLUG_PATTERN = "^[a-z0-9][a-z0-9-]{0,62}$"

Slug = Annotated[
    str,
    Field(pattern=SLUG_PATTERN),
    Expected("a slug of lower-case letters, digits and hyphens, at most 63 long,"),
]
Identifier = Annotated[
    str,
    Field(pattern="^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$"),
    Expected("a name of letters, digits, '_', '.' and '-', at most 63 long,"),
]
Version = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}(-[0-9A-Za-z.-]{1,40})?(\+[0-9A-Za-z.-]{1,40})?$"),
    Expected("a version such as 1.0.0"),
]
Locale = Annotated[
    str,
    Field(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$"),
    Expected("a language tag such as en-US (BCP 47)"),
]


def _check_json(value: JsonObject) -> JsonObject:
    for path, problem in _strange_parts(value, ()):
        detail = PydanticCustomError("rule", "{problem}", {"problem": problem})
        raise ValidationError.from_exception_data(
            "JSON", [InitErrorDetails(type=detail, loc=path, input=value)]
        )
    return value


JsonMapping = Annotated[JsonObject, AfterValidator(_check_json)]
"""Any JSON object that canonical JSON can carry and whose texts are plain."""


def _strange_parts(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if len(path) > _MAX_JSON_DEPTH:
        yield path, f"nested more than {_MAX_JSON_DEPTH} deep; a flatter value is expected"
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _strange_parts(key, path)
            yield from _strange_parts(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _strange_parts(part, (*path, index))
    elif (problem := _not_a_scalar(value)) is not None:
        yield path, problem


def _not_a_scalar(value: object) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _not_a_number(value)
    if not isinstance(value, str):
        return f"{type(value).__name__} found; what JSON can carry is expected"
    refused = refused_character(value, allowed="\n\t")
    return None if refused is None else f"{refused} of {value[:40]!r} found; plain text is expected"


def _not_a_number(value: float) -> str | None:
    if not math.isfinite(value):
        return f"{value} found; a finite number is expected"
    if isinstance(value, int) and abs(value) > MAX_EXACT_INTEGER:
        return f"{value:e} found; a whole number of at most {MAX_EXACT_INTEGER} is expected, or text"
    return None
