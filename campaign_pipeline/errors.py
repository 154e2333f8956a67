"""What can go wrong, in the words that every surface repeats.

Belongs here: the error codes of the contract, the one exception that carries them, and the wording of what a
model refused.
Does not belong here: how an error is recorded (storage) or shown (orchestration, cli).
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

_MAX_NAMED = 5
_CREDENTIALS = re.compile(r"//[^/@\s]*@")
"""A user name and password in an address: an error is kept and shown, so they must not get into it."""
_MAX_SHOWN_CHARACTERS = 60
_SPECIAL_CODES = {"INVALID_HASH", "MISSING_ASSET"}

_EXPECTED = {
    "missing": "a value is required",
    "string_type": "text is expected",
    "string_unicode": "well-formed text is expected",
    "string_too_short": "at least {min_length} characters are expected",
    "string_too_long": "at most {max_length} characters are expected",
    "float_type": "a number is expected",
    "int_type": "a whole number is expected",
    "int_from_float": "a whole number is expected",
    "finite_number": "a finite number is expected",
    "bool_type": "true or false is expected",
    "dict_type": "a mapping is expected",
    "model_type": "a mapping is expected",
    "list_type": "a list is expected",
    "tuple_type": "a list is expected",
    "literal_error": "{expected} is expected",
    "greater_than": "a number above {gt} is expected",
    "greater_than_equal": "a number of at least {ge} is expected",
    "less_than": "a number below {lt} is expected",
    "less_than_equal": "a number of at most {le} is expected",
    "too_short": "at least {min_length} entries are expected",
    "too_long": "at most {max_length} entries are expected",
}
"""What would be right, in the reader's words, by the model's own name for what is wrong."""

_WHOLE_SENTENCES = {"sample_rate", "rule", *_SPECIAL_CODES}
"""Kinds of problem whose own words say what was found already."""


class ErrorCode(StrEnum):
    """The contract's error codes; scripts rely on their spelling."""

    VALIDATION_ERROR = "VALIDATION_ERROR"
    MISSING_ASSET = "MISSING_ASSET"
    INVALID_HASH = "INVALID_HASH"
    UNKNOWN_CAMPAIGN = "UNKNOWN_CAMPAIGN"
    UNKNOWN_TEMPLATE = "UNKNOWN_TEMPLATE"
    BASE_RUN_NOT_FOUND = "BASE_RUN_NOT_FOUND"
    INCOMPLETE_BASE_RUN = "INCOMPLETE_BASE_RUN"
    GENERATION_FAILED = "GENERATION_FAILED"
    PROVIDER_ERROR = "PROVIDER_ERROR"
    BUDGET_EXCEEDED = "BUDGET_EXCEEDED"
    BUNDLE_TOO_LARGE = "BUNDLE_TOO_LARGE"
    PROFILE_VIOLATION = "PROFILE_VIOLATION"
    NOT_PLAYABLE = "NOT_PLAYABLE"
    ARTIFACT_CORRUPT = "ARTIFACT_CORRUPT"
    LEDGER_UNAVAILABLE = "LEDGER_UNAVAILABLE"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    CANCELLED = "CANCELLED"
    RUN_LOST = "RUN_LOST"


class CampaignError(Exception):
    """A failure that a person can act on.

    Its text is `CODE: message`; run, step, Dagster event and command line all say it in these words.

    Args:
        code: One of the contract's codes.
        message: The field or file, what was found, and what would be right.
        retryable: Whether the same attempt, made again later, may succeed.
    """

    def __init__(self, code: ErrorCode, message: str, *, retryable: bool = False) -> None:
        super().__init__(f"{code.value}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable

    @classmethod
    def from_text(cls, text: str) -> "CampaignError":
        """Give back an error that was recorded by its text; whether a retry can help is not in it.

        Raises:
            ValueError: The text is none of ours: something that nobody foresaw was recorded.
        """
        code, _, message = text.partition(": ")
        if code not in ErrorCode.__members__:
            raise ValueError(text)
        return cls(ErrorCode(code), message)


def refusal(error: ValidationError, *, subject: str = "") -> CampaignError:
    """Word what a model refused as one error that names up to five fields.

    Its code is VALIDATION_ERROR, unless the only problem has a code of its own (INVALID_HASH, MISSING_ASSET).
    The subject, where given, says what was being read and stands before the fields.
    """
    problems = error.errors(include_url=False)
    codes = {problem["type"] for problem in problems} & _SPECIAL_CODES
    code = ErrorCode(codes.pop()) if len(codes) == 1 == len(problems) else ErrorCode.VALIDATION_ERROR
    parts = [_problem(problem, model=error.title) for problem in problems[:_MAX_NAMED]]
    if len(problems) > _MAX_NAMED:
        parts.append(f"and {len(problems) - _MAX_NAMED} more")
    text = "; ".join(parts)
    return CampaignError(code, f"{subject}: {text}" if subject else text)


def _problem(problem: Mapping[str, Any], *, model: str) -> str:
    field = _field(problem["loc"])
    kind = problem["type"]
    if kind in _WHOLE_SENTENCES:
        return f"{field}: {problem['msg']}" if field else str(problem["msg"])
    found = "nothing" if kind == "missing" else shown(problem["input"])
    return f"{field or model}: {found} found; {_expectation(problem)}"


def _expectation(problem: Mapping[str, Any]) -> str:
    context = problem.get("ctx", {})
    phrase = _EXPECTED.get(problem["type"])
    if problem["type"] == "string_too_short" and context["min_length"] == 1:
        return "text that is not empty is expected"
    if phrase is not None:
        return phrase.format(**{name: _spelled(value) for name, value in context.items()})
    return str(context["error"] if "error" in context else problem["msg"])


def _spelled(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _field(location: tuple[int | str, ...]) -> str:
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if path else step
    return path


def without_credentials(text: str) -> str:
    """Take user name and password out of every address in a text."""
    return _CREDENTIALS.sub("//…@", text)


def shown(value: object) -> str:
    """Show a value as it was written, short enough for one line and with nothing invisible left in it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = without_credentials(repr(value))
    if len(text) <= _MAX_SHOWN_CHARACTERS:
        return text
    length = f" ({len(value)} characters)" if isinstance(value, str) else ""
    return f"{text[:_MAX_SHOWN_CHARACTERS]}…{length}"
