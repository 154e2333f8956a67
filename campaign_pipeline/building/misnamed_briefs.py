"""Files among the briefs that look like one and are none, for their name alone.

Belongs here: finding them, why each is ignored, and what it should be called.
Does not belong here: the briefs that are found, or reading them (brief_file).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from campaign_pipeline.building.brief_file import shown_place
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.values import SLUG_PATTERN

_SLUG = re.compile(SLUG_PATTERN)
_ENDING = ".yaml"
_ENDINGS = frozenset({_ENDING, ".yml"})
_LONGEST = 63
_RULE = f"lower-case letters, digits and hyphens, at most {_LONGEST}, are expected"


@dataclass(frozen=True, kw_only=True)
class MisnamedBrief:
    """A file that no campaign is built from, because of its name.

    Args:
        rename_to: Where it would be found; None where no such name can be made of its own.
    """

    path: str
    reason: str
    rename_to: str | None

    def __str__(self) -> str:
        right = f"rename it to {self.rename_to}" if self.rename_to else "give it another name"
        return f"{self.path}: {self.reason}; {right}"

    def to_json(self) -> JsonObject:
        """Give the shape that scripts read."""
        return {"path": self.path, "reason": self.reason, "rename_to": self.rename_to}


def misnamed_briefs(briefs_dir: Path) -> list[MisnamedBrief]:
    """Find the YAML files that are passed over, in the folder of briefs itself and in those within it; sorted."""
    found = (_misnamed(path, briefs_dir=briefs_dir) for path in sorted(_yaml_files(briefs_dir)))
    return [brief for brief in found if brief is not None]


def _yaml_files(briefs_dir: Path) -> Iterator[Path]:
    for pattern in ("*", "*/*"):
        for path in briefs_dir.glob(pattern):
            hidden = any(part.startswith(".") for part in path.relative_to(briefs_dir).parts)
            if path.suffix.lower() in _ENDINGS and not hidden and path.is_file():
                yield path


def _misnamed(path: Path, *, briefs_dir: Path) -> MisnamedBrief | None:
    in_a_folder = path.parent != briefs_dir
    reasons = list(_reasons(path, in_a_folder=in_a_folder))
    if not reasons:
        return None
    tenant, campaign = _slug(path.parent.name) if in_a_folder else "<tenant>", _slug(path.stem)
    target = briefs_dir / tenant / f"{campaign}{_ENDING}" if tenant and campaign else None
    if target is not None and target.exists():
        reasons.append(f"{shown_place(target)} is there already")
        target = None
    return MisnamedBrief(
        path=shown_place(path),
        reason=", and ".join(reasons),
        rename_to=None if target is None else shown_place(target),
    )


def _reasons(path: Path, *, in_a_folder: bool) -> Iterator[str]:
    if not in_a_folder:
        yield "it lies in no tenant's folder"
    elif not _SLUG.fullmatch(path.parent.name):
        yield f"{path.parent.name} is no tenant's name ({_RULE})"
    if not _SLUG.fullmatch(path.stem):
        yield f"{path.stem} is no campaign's name ({_RULE})"
    if path.suffix != _ENDING:
        yield f"it ends in {path.suffix}"


def _slug(name: str) -> str:
    """Make a name that is allowed of one that is not; empty where nothing of it can stay."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST].rstrip("-")
