"""One game template: what it declares, what shapes its bundle, and what it takes from a brief.

Belongs here: a template as read from its folder, and the checks of a brief that need it.
Does not belong here: finding templates (games.catalogue), making configurations or bundles (skills).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.games.image_files import opened_image
from campaign_pipeline.games.mechanics import game_mechanics
from campaign_pipeline.games.spec import LevelTable, TemplateSpec
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.digest import ContentHash, canonical_hash, content_hash

SPEC_FILE = "template.yaml"
PAGE = "index.html"
LOGO_FIELD = "branding.logo_uri"
LOGO_SLOT = "logo"
"""The slot that the brand's logo fills where the brief's assets leave it open."""

_TEMPLATE_FILES = {"page.html": PAGE, "game.js": "assets/game.js", "style.css": "assets/style.css"}
_RUNTIME_FILES = {"runtime.js": "assets/runtime.js", "runtime.css": "assets/runtime.css"}


@dataclass(frozen=True, kw_only=True)
class Template:
    """A game template, read from its folder."""

    spec: TemplateSpec
    config_digest: ContentHash
    folder: Path
    runtime: Path

    @property
    def template_id(self) -> str:
        """The template's name in briefs."""
        return self.spec.template_id

    @property
    def version(self) -> str:
        """The template's own version."""
        return self.spec.version

    @cached_property
    def code_digest(self) -> ContentHash:
        """The digest of page, scripts and styles: what shapes a bundle."""
        return canonical_hash(
            [[path, content_hash(data)] for path, data in sorted(self.page_files().items())]
        )

    def page_files(self) -> Mapping[str, bytes]:
        """Read page, scripts and styles: path in the bundle to bytes."""
        sources = {
            **{target: self.folder / name for name, target in _TEMPLATE_FILES.items()},
            **{target: self.runtime / name for name, target in _RUNTIME_FILES.items()},
        }
        return {target: source.read_bytes() for target, source in sources.items()}

    def level(self, brief: Brief) -> LevelTable:
        """Give the difficulty table for a brief's level, with what the brief changes in it."""
        table = self.spec.difficulty[brief.difficulty.level]
        asked = brief.difficulty
        return LevelTable(
            win_probability=table.win_probability if asked.win_probability is None else asked.win_probability,
            parameters={**table.parameters, **asked.parameters},
        )

    def check_brief(self, brief: Brief) -> None:
        """Hold a brief against the template.

        Mechanics are held against its schema where the brief gives any; the template's own keep to it.

        Raises:
            CampaignError: VALIDATION_ERROR naming every field that this template does not take.
        """
        problems = list(self._problems(brief))
        if problems:
            raise CampaignError(ErrorCode.VALIDATION_ERROR, "; ".join(problems))

    def slot_fields(self, brief: Brief) -> dict[str, str]:
        """Say which field of a brief fills each slot: asset slot to field path."""
        fields = {slot: f"assets.{slot}" for slot in brief.assets}
        if LOGO_SLOT in self.spec.assets.slots and LOGO_FIELD in brief.file_references():
            fields.setdefault(LOGO_SLOT, LOGO_FIELD)
        return fields

    def check_files(self, files: Mapping[str, Path], *, brief: Brief) -> None:
        """Hold the files that fill slots against what the slots take, by their headers alone.

        Args:
            files: Field path to local file; fields that fill no slot, such as videos, are passed over.
            brief: What names the files, and what a refusal names them by.

        Raises:
            CampaignError: VALIDATION_ERROR naming field and file of the first that is no usable image.
        """
        references = brief.file_references()
        for slot, field in self.slot_fields(brief).items():
            if field in files:
                types = self.spec.assets.slots[slot].types
                _check_image(files[field], field=f"{field}: {references[field]}", types=types)

    def _problems(self, brief: Brief) -> Iterator[str]:
        spec = self.spec
        if brief.theme not in spec.themes:
            yield _unknown("theme", brief.theme, spec.themes, what=f"a theme of {self.template_id}")
        known = spec.difficulty[brief.difficulty.level].parameters
        for name in brief.difficulty.parameters:
            if name not in known:
                yield _unknown(
                    "difficulty.parameters", name, known, what=f"a parameter of {self.template_id}"
                )
        for slot in brief.assets:
            if slot not in spec.assets.slots:
                yield _unknown("assets", slot, spec.assets.slots, what=f"an asset slot of {self.template_id}")
        yield from self._copy_problems(brief)
        rate_problem = brief.win_rate_problem(self.level(brief).win_probability)
        if rate_problem is not None:
            yield rate_problem
        if brief.mechanics or brief.outcome_mode is not None:
            yield from self._mechanics_problems(brief)

    def _mechanics_problems(self, brief: Brief) -> Iterator[str]:
        try:
            game_mechanics(brief, spec=self.spec.mechanics)
        except CampaignError as error:
            yield error.message

    def _copy_problems(self, brief: Brief) -> Iterator[str]:
        limits = self.spec.texts.limits.to_json()
        for name, text in brief.texts.to_json().items():
            if len(text) > limits[name]:
                yield (
                    f"copy.{name}: {len(text)} characters found; "
                    f"at most {limits[name]} are expected in {self.template_id}"
                )


def _check_image(path: Path, *, field: str, types: Sequence[str]) -> None:
    try:
        with path.open("rb") as file:
            opened_image(file, field=field, types=types)
    except OSError as error:
        message = f"{field}: cannot be read ({error.strerror}); a readable file is expected"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message) from None


def _unknown(field: str, found: str, known: Collection[str], *, what: str) -> str:
    near = get_close_matches(found, sorted(known), n=1)
    right = f"did you mean {near[0]}?" if near else f"{' or '.join(sorted(known)) or 'nothing'} is expected"
    return f"{field}: {found!r} is not {what}; {right}"
