"""The catalogue of game templates: a folder with a template.yaml is a template, and nothing else has to be told.

Belongs here: which templates there are, and reading one.
Does not belong here: what a template declares (games.spec) or does with a brief (games.template).
"""

from difflib import get_close_matches
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from campaign_pipeline.errors import CampaignError, ErrorCode, refusal, shown
from campaign_pipeline.games.spec import FALLBACK_LANGUAGE, TemplateSpec
from campaign_pipeline.games.template import SPEC_FILE, Template
from campaign_pipeline.model.digest import content_hash

_SHIPPED = Path(__file__).parent
_RUNTIME = _SHIPPED / "runtime"


def template_ids(*, root: Path = _SHIPPED) -> tuple[str, ...]:
    """Name every template, sorted."""
    return tuple(sorted(path.parent.name for path in root.glob(f"*/{SPEC_FILE}")))


@cache
def load_template(template_id: str, *, root: Path = _SHIPPED) -> Template:
    """Read a template, once a process.

    Raises:
        CampaignError: UNKNOWN_TEMPLATE, with the nearest and all the known ones; VALIDATION_ERROR when its own
            template.yaml is wrong.
    """
    known = template_ids(root=root)
    if template_id not in known:
        raise _unknown(template_id, known)
    folder = root / template_id
    data = (folder / SPEC_FILE).read_bytes()
    return Template(
        spec=_spec(template_id, data),
        config_digest=content_hash(data),
        folder=folder,
        runtime=_RUNTIME,
    )


def _unknown(template_id: str, known: tuple[str, ...]) -> CampaignError:
    near = get_close_matches(template_id, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    message = f"template_id: {shown(template_id)} found; {hint}Known: {', '.join(known) or 'none'}"
    return CampaignError(ErrorCode.UNKNOWN_TEMPLATE, message)


def _spec(template_id: str, data: bytes) -> TemplateSpec:
    subject = f"{template_id}/{SPEC_FILE}"
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        spec = TemplateSpec.model_validate(yaml.load(data, Loader=loader))  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{subject}: {error}") from None
    except ValidationError as error:
        raise refusal(error, subject=subject) from None
    for field, holds in (
        (f"template_id: {spec.template_id!r} found; the folder's name", spec.template_id == template_id),
        (f"copy.languages: the language {FALLBACK_LANGUAGE}", FALLBACK_LANGUAGE in spec.texts.languages),
    ):
        if not holds:
            raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{subject}: {field} is expected")
    return spec
