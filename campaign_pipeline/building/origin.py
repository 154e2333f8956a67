"""Who said what a resolved brief says: its file, the run it is based on, or an override.

Belongs here: naming that place in an error, so that whoever reads it knows what to correct.
Does not belong here: reading and checking a brief (brief_file, games.template), which name fields only.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from campaign_pipeline.errors import CampaignError, ErrorCode, shown
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.digest import JsonObject

_FIELD = re.compile(r"(?P<before>^|; )(?P<field>[a-z_][\w-]*(?:\.[\w-]+|\[\d+\])*)(?=: )")
"""Where a message begins to speak of a field: at its beginning, or after what it says of another."""

_OF_A_BRIEF = frozenset({ErrorCode.VALIDATION_ERROR, ErrorCode.MISSING_ASSET, ErrorCode.UNKNOWN_TEMPLATE})


@dataclass(frozen=True)
class Origin:
    """Where the fields of one resolved brief come from.

    Args:
        brief: The place of the brief that was read, as it can be found again.
        written: What it says.
        overrides: The merge patch on it.
        by_option: Whether the overrides were given as `--set`, and not by a run's configuration.
    """

    brief: str
    written: JsonObject
    overrides: JsonObject
    by_option: bool

    @contextmanager
    def named(self) -> Iterator[None]:
        """Name the place in every error about a field of the brief that comes up meanwhile; others pass as they are."""
        try:
            yield
        except CampaignError as error:
            first_word = re.split(r"[^a-z_]", error.message, maxsplit=1)[0]
            if error.code not in _OF_A_BRIEF or first_word not in _known_fields():
                raise
            raise self.naming(error) from None

    def naming(self, error: CampaignError) -> CampaignError:
        """Word an error about the brief anew, with the place of each field that it speaks of."""
        place: str | None = None

        def with_place(match: re.Match[str]) -> str:
            nonlocal place
            before, place = place, self.brief
            field = match["field"]
            override = self._override_of(field, said=error.message[match.end() :])
            if override is not None:
                place = self._spelled(override)
                return match["before"] + (place if override == field else f"{place}: {field}")
            return match[0] if before == place else f"{match['before']}{place}: {field}"

        message = _FIELD.sub(with_place, error.message)
        if place is None:
            message = f"{self.brief}: {message}"
        return CampaignError(error.code, message, retryable=error.retryable)

    @cached_property
    def _settings(self) -> dict[str, "_Setting"]:
        return {setting.path: setting for setting in _settings_in(self.overrides, self.written)}

    def _override_of(self, field: str, *, said: str) -> str | None:
        """Find the override that a field has its value from, or that gave it the key which the message goes on with."""
        for path, setting in self._settings.items():
            parent, _, key = path.rpartition(".")
            gave_the_key = parent == field and said.startswith(f": {key!r} ")
            if path == field or field.startswith((f"{setting.replaces}.", f"{path}[")) or gave_the_key:
                return path
        return None

    def _spelled(self, path: str) -> str:
        if not self.by_option:
            return f"overrides.{path}"
        value = self._settings[path].value
        if isinstance(value, dict | list):
            return f"--set {path}=…"
        return f"--set {path}={'null' if value is None else shown(value)}"


@dataclass(frozen=True)
class _Setting:
    """One value of the overrides, and the field whose whole content it replaces: its own, or one above it."""

    path: str
    value: object
    replaces: str


def _settings_in(
    patch: JsonObject, written: object, *, prefix: str = "", replaced: str | None = None
) -> Iterator[_Setting]:
    for key, value in patch.items():
        path = f"{prefix}{key}"
        there = written.get(key) if isinstance(written, dict) else None
        replaces = replaced or (None if there is None or isinstance(there, dict) else path)
        if isinstance(value, dict) and value:
            yield from _settings_in(value, there, prefix=f"{path}.", replaced=replaces)
        else:
            yield _Setting(path, value, replaces or path)


def _known_fields() -> frozenset[str]:
    return frozenset(field.alias or name for name, field in Brief.model_fields.items())
