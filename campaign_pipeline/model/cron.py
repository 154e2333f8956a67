"""The shape of a cron expression.

Belongs here: telling an expression that a scheduler will take from one that it will not.
Does not belong here: when it fires next (Dagster knows).
"""

import re
from collections.abc import Sequence

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, Sequence[str]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
_PART = re.compile(
    r"(?:(?P<every>\*)|(?P<first>[a-z0-9]{1,3})(?:-(?P<last>[a-z0-9]{1,3}))?)(?:/(?P<step>[0-9]{1,2}))?"
)


def cron_problem(expression: str) -> str | None:
    """Say what is wrong with a five-field cron expression, or None where nothing is."""
    fields = expression.split(" ")
    if len(fields) != len(_FIELDS):
        return "five fields are expected, such as 0 6 * * 1 (minute, hour, day of month, month, day of week)"
    for text, (name, low, high, words) in zip(fields, _FIELDS, strict=True):
        if not all(_fits(part, low, high, words) for part in text.lower().split(",")):
            return f"for the {name} a value from {low} to {high}, *, a range, a list or a step is expected"
    return None


def _fits(part: str, low: int, high: int, words: Sequence[str]) -> bool:
    match = _PART.fullmatch(part)
    if match is None or match["step"] == "0":
        return False
    if match["every"]:
        return True
    first = _number(match["first"], low, words)
    last = first if match["last"] is None else _number(match["last"], low, words)
    return first is not None and last is not None and low <= first <= last <= high


def _number(text: str, low: int, words: Sequence[str]) -> int | None:
    if text in words:
        return words.index(text) + low
    return int(text) if text.isdecimal() else None
