"""Plain text that people read and machines must not.

Belongs here: which characters a brief's words may hold, and the text types that hold them to it.
Does not belong here: how text is put into a page (skills) or which limits a template sets.
"""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that make text read otherwise than it is written (Unicode 15.1, UAX 9)."""

_REFUSED_CATEGORIES = {"Cc", "Cs"}
_LINE_PATTERN = r"^\s*[^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*\s*$"
_LINES_PATTERN = r"^\s*[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*\s*$"


def refused_character(text: str, *, allowed: str = "") -> str | None:
    """Name the first character that plain text may not hold, save the allowed; None where there is none."""
    for position, character in enumerate(text):
        if character in allowed:
            continue
        if character in BIDI_OVERRIDES:
            return f"bidi control U+{ord(character):04X} at character {position + 1}"
        if unicodedata.category(character) in _REFUSED_CATEGORIES:
            return f"control character U+{ord(character):04X} at character {position + 1}"
    return None


def _check_line(value: str) -> str:
    return _checked(value, allowed="", right="plain text on one line")


def _check_lines(value: str) -> str:
    return _checked(value, allowed="\n\t", right="plain text")


def _checked(value: str, *, allowed: str, right: str) -> str:
    refused = refused_character(value, allowed=allowed)
    if refused is not None:
        raise PydanticCustomError(
            "rule", "{refused} found; {right} is expected", {"refused": refused, "right": right}
        )
    return value


_ON_ONE_LINE = Field(json_schema_extra={"pattern": _LINE_PATTERN})


def _sized(maximum: int, *, minimum: int = 1) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=minimum, max_length=maximum)


Line60 = Annotated[str, _sized(60), _ON_ONE_LINE, AfterValidator(_check_line)]
"""Plain text on one line: a title, a label, a name of a font."""
Line120 = Annotated[str, _sized(120), _ON_ONE_LINE, AfterValidator(_check_line)]
Line140 = Annotated[str, _sized(140), _ON_ONE_LINE, AfterValidator(_check_line)]
Prose = Annotated[
    str,
    _sized(1000, minimum=0),
    Field(json_schema_extra={"pattern": _LINES_PATTERN}),
    AfterValidator(_check_lines),
]
"""Plain text that may run over several lines."""
