"""Whether an answer of Claude's is of use.

Belongs here: making a GameText of an answer's text, or naming all that is wrong with it in words for model and people.
Does not belong here: the rules (model.game_text, providers.text_rules), asking again (providers.claude.conversation).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from campaign_pipeline.model.game_text import GameText, TextRequest
from campaign_pipeline.providers.claude.message import Message, in_one_line
from campaign_pipeline.providers.text_rules import missing_parts, most_characters, text_problems

_MOST_PROBLEMS = 20
_MOST_CHARACTERS = 300
"""Of one problem: the words of a model may stand in it, and they may be long."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What became of one answer: the text where it is of use, otherwise what is wrong with it."""

    text: GameText | None = None
    problems: Sequence[str] = ()


def judged(message: Message, *, request: TextRequest, max_tokens: int) -> Judgement:
    """Hold one answer against form and rules."""
    if message.is_cut_off:
        return _wrong([f"the answer was cut off at {max_tokens} tokens; a shorter one is expected"])
    if not message.text.strip():
        return _wrong(["nothing found; one JSON object is expected"])
    try:
        value = from_json(message.text, allow_inf_nan=False)
    except ValueError as error:
        return _wrong(
            [f"the answer is not JSON ({error}); one JSON object and nothing around it is expected"]
        )
    if not isinstance(value, dict):
        return _wrong(["the answer is JSON but no object; one JSON object is expected"])
    return _of_object(value, request=request)


def _of_object(value: dict[str, Any], *, request: TextRequest) -> Judgement:
    try:
        text = GameText.model_validate(value)
    except ValidationError as error:
        return _wrong(_in_words(error, request=request))
    problems = [*missing_parts(text, request=request), *text_problems(text, request=request)]
    return _wrong(problems) if problems else Judgement(text=text)


def _in_words(error: ValidationError, *, request: TextRequest) -> list[str]:
    # Without what was found: a model that reads its own words again tends to repeat them.
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return [_problem(_path(problem["loc"]), problem, request=request) for problem in problems]


def _problem(field: str, problem: ErrorDetails, *, request: TextRequest) -> str:
    limit = most_characters(field, request=request)
    if problem["type"] == "string_too_long" and limit is not None:
        # The data model's limit is what any game takes; this one may take less.
        return f"{field}: too long; at most {limit} characters are expected"
    return f"{field}: {problem['msg']}"


def _path(location: Iterable[str | int]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return "".join(steps).removeprefix(".") or "the answer"


def _wrong(problems: Iterable[str]) -> Judgement:
    lines = [in_one_line(problem, most=_MOST_CHARACTERS) for problem in problems]
    rest = [f"and {len(lines) - _MOST_PROBLEMS} more"] if len(lines) > _MOST_PROBLEMS else []
    return Judgement(problems=[*lines[:_MOST_PROBLEMS], *rest])
