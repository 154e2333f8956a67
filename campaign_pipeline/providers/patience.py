"""When a provider is asked again, and after how long.

Belongs here: which answers are worth another attempt, what Retry-After says, and the pauses where it says nothing.
Does not belong here: asking (providers.transport).
"""

import random
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ATTEMPTS = 3
"""The first and two more; what is still refused then, a later attempt at the whole step may bring."""

LONGEST_STEP_PAUSE_S = 1.0
"""A step that failed is tried again after about as long: too soon for who asks to be left alone for longer."""

LONGEST_PAUSE_S = 60.0
"""Whoever asks to be left alone for longer is: a worker that sleeps holds a run open, and a lease."""

CONNECT_S = 10.0
"""A server that takes no connection by then is out of reach."""

SHORTEST_S = 0.01
"""A pause that took a little longer than it should leaves no time; less than none no clock can count."""

_FIRST_PAUSE_S = 0.5
_PASSING = frozenset({408, 409, 425, 429})
_SERVER_ERRORS = range(500, 600)


def is_passing(status: int) -> bool:
    """Tell whether the same request may be answered otherwise a little later.

    Source:
        RFC 9110, RFC 6585 (429), RFC 8470 (425); vendors answer 409 where two requests collide.
    """
    return status in _PASSING or status in _SERVER_ERRORS


def told_pause_s(retry_after: str | None) -> float | None:
    """Read how long a server asks to be left alone, in seconds; None where it does not say, or not readably.

    Source:
        RFC 9110, 10.2.3: seconds, or an HTTP date.
    """
    text = (retry_after or "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date without a zone is meant as GMT, the only one that HTTP knows.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def pause_s(attempt: int) -> float:
    """Choose the pause after an attempt of which nothing is told: twice as long each time, and never in step.

    Args:
        attempt: 1 for the first.
    """
    longest: float = _FIRST_PAUSE_S * 2.0 ** (attempt - 1)
    return longest * random.uniform(0.5, 1)  # noqa: S311  it keeps runs apart, and guards nothing
