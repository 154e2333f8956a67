"""An environment, and how what stands in it is read.

Belongs here: texts, lists, durations and addresses, and the refusal of what is none.
Does not belong here: which variables there are (settings.pipeline, settings.providers).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from urllib.parse import urlsplit

from campaign_pipeline.errors import CampaignError, ErrorCode, shown

_LIFETIME_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DURATION = re.compile(rf"(?P<count>[1-9]\d{{0,3}})(?P<unit>[{''.join(_LIFETIME_UNITS)}])")


def invalid(name: str, found: object, right: str) -> CampaignError:
    """Word a refused setting: its name, what was found, what would be right."""
    return CampaignError(ErrorCode.VALIDATION_ERROR, f"{name}: {shown(found)} found; {right} is expected")


def duration(text: str, *, source: str, or_else: str = "") -> timedelta:
    """Read a duration as somebody wrote it.

    Args:
        or_else: What else the source may say, for the message.

    Raises:
        CampaignError: VALIDATION_ERROR, naming the source, when it is none.
    """
    match = DURATION.fullmatch(text)
    if match is None:
        raise invalid(source, text, f"a duration such as 90d, 12h, 45m or 2w{or_else}")
    return span(match)


def span(match: re.Match[str]) -> timedelta:
    """Give the duration that DURATION has matched."""
    return timedelta(**{_LIFETIME_UNITS[match["unit"]]: int(match["count"])})


def address(name: str, text: str) -> str:
    """Read an address that may be shown to anybody, and give it without a closing slash."""
    if not _is_address(text):
        raise invalid(name, _without_secrets(text), "an http(s) address without password, query or fragment")
    return text.rstrip("/")


def _without_secrets(text: str) -> str:
    """Show of a refused address what can hold no user, password, query or fragment: what is told is kept."""
    begun = re.match(r"[A-Za-z]{1,8}://", text)
    if "@" in text:
        return f"{begun[0] if begun else ''}…"
    told = re.split(r"[?#]", text, maxsplit=1)[0]
    return told if told == text else f"{told}?…"


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # brackets around no IPv6 address, a port that is no number or none there is
        return False
    refused = (parts.query, parts.fragment, parts.username, parts.password, port == 0)
    is_spelled = text.isprintable() and " " not in text
    return is_spelled and parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(refused)


@dataclass(frozen=True)
class Environment:
    """One environment; what stands in it is checked when it is first read."""

    environ: Mapping[str, str]

    @classmethod
    def from_environment(cls) -> Self:
        """Take the process's environment as it stands now."""
        return cls(dict(os.environ))

    def _text(self, name: str, default: str) -> str:
        return self.environ.get(name, "").strip() or default

    def _names(self, name: str) -> list[str]:
        """Read a list with commas between; nothing set is an empty one."""
        return [part for text in self._text(name, "").split(",") if (part := text.strip())]
