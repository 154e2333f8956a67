"""Briefs as they lie on disk: finding them, reading them, and finding the files they name.

Belongs here: keys and paths of briefs, the checked way from a file to a Brief, and its local files.
Does not belong here: the YAML dialect (building.yaml_text), a brief's keys (model.brief), storing files (storage).
"""

import os
import re
import stat
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from campaign_pipeline.building.yaml_text import YamlRefusedError, read_yaml
from campaign_pipeline.errors import CampaignError, ErrorCode, refusal, shown
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.merge import merge_patch
from campaign_pipeline.model.values import SLUG_PATTERN

MAX_BRIEF_BYTES = 256 * 1024
MAX_FILE_BYTES = 200 * 1000 * 1000
"""A video beyond this is no web video; taking it in would only fill the store."""

_SLUG = re.compile(SLUG_PATTERN)
_NAMED_CAMPAIGNS = 5
_SEARCHED_ENTRIES = 300
"""How far a hint is looked for: a tenant's folder may hold any number of videos."""


def brief_path(briefs_dir: Path, tenant: str, campaign: str) -> Path:
    """Say where a campaign's brief lies.

    Raises:
        CampaignError: VALIDATION_ERROR when tenant or campaign is no slug, and so could name another place.
    """
    for field, value in (("tenant", tenant), ("campaign", campaign)):
        if not _SLUG.fullmatch(value):
            message = f"{field}: {shown(value)} found; a slug of lower-case letters, digits and hyphens"
            raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{message}, at most 63 long, is expected")
    return briefs_dir / tenant / f"{campaign}.yaml"


def shown_place(path: Path) -> str:
    """Spell a path as it would be typed in the working directory."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def list_campaigns(briefs_dir: Path) -> list[str]:
    """Name every campaign that has a brief, as `<tenant>/<campaign>`, sorted."""
    return sorted(
        f"{path.parent.name}/{path.stem}"
        for path in briefs_dir.glob("*/*.yaml")
        if _SLUG.fullmatch(path.parent.name) and _SLUG.fullmatch(path.stem) and path.is_file()
    )


def read_brief(briefs_dir: Path, tenant: str, campaign: str) -> JsonObject:
    """Read a brief's file as it is written: plain values under text keys, nothing checked beyond that.

    Raises:
        CampaignError: UNKNOWN_CAMPAIGN when there is no such file, VALIDATION_ERROR when it cannot be read.
    """
    check_known(briefs_dir, tenant, campaign)
    path = brief_path(briefs_dir, tenant, campaign)
    name = shown_place(path)
    try:
        raw = read_yaml(_decoded(path, name=name))
    except YamlRefusedError as error:
        raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{name}: {error}") from None
    if not isinstance(raw, dict) or not raw:
        found = "nothing" if raw in (None, {}) else shown(raw)
        raise CampaignError(
            ErrorCode.VALIDATION_ERROR, f"{name}: {found} found; a mapping of keys is expected"
        )
    return raw


def check_known(briefs_dir: Path, tenant: str, campaign: str) -> None:
    """Refuse a campaign that has no brief.

    Raises:
        CampaignError: UNKNOWN_CAMPAIGN, with the nearest campaigns of the same tenant.
    """
    path = brief_path(briefs_dir, tenant, campaign)
    if not path.is_file():
        raise _unknown(briefs_dir, f"{tenant}/{campaign}", path)


def _unknown(briefs_dir: Path, key: str, path: Path) -> CampaignError:
    # The tenant's own campaigns only: the message is kept in that tenant's rows.
    tenant = path.parent.name
    known = [name for name in list_campaigns(briefs_dir) if name.startswith(f"{tenant}/")]
    near = get_close_matches(key, known, n=3, cutoff=0.5) or known[:_NAMED_CAMPAIGNS]
    message = f"{key}: no brief at {shown_place(path)}"
    right = f"; did you mean {' or '.join(near)}?" if near else "; write one there"
    other = path.with_suffix(".yml")
    if other.is_file():
        right = f"; found {other.name}; rename it to .yaml"
    return CampaignError(ErrorCode.UNKNOWN_CAMPAIGN, message + right)


def _decoded(path: Path, *, name: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BRIEF_BYTES + 1)
    except OSError as error:
        raise CampaignError(
            ErrorCode.VALIDATION_ERROR,
            f"{name}: cannot be read ({error.strerror}); a readable file is expected",
        ) from None
    if len(data) > MAX_BRIEF_BYTES:
        message = f"{name}: larger than {MAX_BRIEF_BYTES // 1024} KiB; a brief of at most that is expected"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{name}: byte {error.start + 1} is not UTF-8; text in UTF-8 is expected"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message) from None


def resolve_brief(raw: JsonObject, *, overrides: JsonObject, tenant: str, campaign: str) -> Brief:
    """Apply a run's overrides (RFC 7396) and check the brief that comes of it.

    Raises:
        CampaignError: VALIDATION_ERROR naming each field that is wrong, and not yet who said it (building.origin).
    """
    merged = merge_patch(raw, overrides)
    try:
        brief = Brief.model_validate(merged)
    except ValidationError as error:
        raise refusal(error) from None
    for field, written, right in (
        ("campaign_id", brief.campaign_id, campaign),
        ("tenant", brief.tenant, tenant),
    ):
        if written not in (None, right):
            message = f"{field}: {written!r} found; {right!r} is expected"
            raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{message}, as its path says, or leave it out")
    return brief.model_copy(update={"campaign_id": campaign, "tenant": tenant})


def local_files(
    brief: Brief, *, brief_dir: Path, except_fields: Collection[str] = frozenset()
) -> Mapping[str, Path]:
    """Find every local file that a brief names, but for the fields excepted: field path to existing file.

    Raises:
        CampaignError: MISSING_ASSET for one that is not there, VALIDATION_ERROR for one that leads out of the
            brief's folder or that no campaign could use.
    """
    return {
        field: _checked(field, reference, brief_dir=brief_dir)
        for field, reference in brief.file_references().items()
        if field not in except_fields
    }


def _checked(field: str, reference: str, *, brief_dir: Path) -> Path:
    path = brief_dir / reference
    try:
        real = path.resolve(strict=True)
        size, mode = real.stat().st_size, real.stat().st_mode
    except (OSError, RuntimeError, ValueError):  # a loop of links is a RuntimeError, an odd name a ValueError
        raise _missing(field, reference, brief_dir=brief_dir) from None
    problem = _unusable(size, mode)
    if not real.is_relative_to(brief_dir.resolve()):
        problem = "leads out of the brief's folder by a link; a file inside the folder is expected"
    if problem is not None:
        raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{field}: {reference} {problem}")
    return real


def _unusable(size_bytes: int, mode: int) -> str | None:
    if not stat.S_ISREG(mode):
        return "is no regular file; a file is expected"
    if size_bytes == 0:
        return "is empty; a file with content is expected"
    if size_bytes > MAX_FILE_BYTES:
        return f"has {size_bytes / 1e6:.0f} MB; at most {MAX_FILE_BYTES / 1e6:.0f} MB are expected"
    return None


def _nearest_folder(path: Path, *, within: Path) -> Path:
    """Find the folder that a missing file would lie in, or the nearest that is there; none behind a link."""
    for folder in path.parents:
        if folder == within or _is_inside(folder, within=within):
            return folder
    return within


def _is_inside(folder: Path, *, within: Path) -> bool:
    # Path.is_dir raises for a name that is too long, or in a folder that may not be entered.
    return os.path.isdir(folder) and folder.resolve().is_relative_to(within.resolve())  # noqa: PTH112


def _missing(field: str, reference: str, *, brief_dir: Path) -> CampaignError:
    folder = _nearest_folder(brief_dir / reference, within=brief_dir)
    entries = islice(folder.rglob("*"), _SEARCHED_ENTRIES)
    known = [file.relative_to(brief_dir).as_posix() for file in entries if file.is_file()]
    near = get_close_matches(reference, known, n=1)
    right = f"did you mean {near[0]}?" if near else "put the file there or correct the path"
    message = f"{field}: {reference} found, but there is no such file beside the brief; {right}"
    return CampaignError(ErrorCode.MISSING_ASSET, message)
