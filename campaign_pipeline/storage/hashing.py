"""What makes two invocations of a skill the same, and who may reuse the result.

Belongs here: input hashes and cache keys, as the contract defines them.
Does not belong here: which parameters a skill reads (skills), or the table of results (lookups, steps).
"""

from collections.abc import Mapping
from typing import Literal

import rfc8785

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import ContentHash, JsonObject, canonical_hash, is_content_hash

CacheScope = Literal["global", "run_only"]
"""Who may reuse a result: the whole tenant, or only re-executions of one root run."""


def require_hash(value: str, *, name: str) -> ContentHash:
    """Give a hash back as it is, if it is spelled as one.

    Raises:
        CampaignError: INVALID_HASH, naming the field.
    """
    if not is_content_hash(value):
        found = repr(value)[:80]
        message = f"{name}: {found} found; sha256: and 64 lower-case hex digits are expected"
        raise CampaignError(ErrorCode.INVALID_HASH, message)
    return value


def input_hash(
    skill: str, *, version: str, params: JsonObject, inputs: Mapping[str, ContentHash]
) -> ContentHash:
    """Hash one invocation of a skill.

    Equal hashes mean that running again would be waste: same skill and version, same parameters, same input bytes.
    Paths, times and run ids never take part.

    Args:
        params: Canonicalised by RFC 8785, so key order and number spelling are free.
        inputs: Upstream step to the content hash of its artifact; order is free.

    Raises:
        CampaignError: VALIDATION_ERROR when params holds NaN, an infinity, or a value that JSON cannot carry;
            INVALID_HASH when an input is no content hash.
    """
    checked = {name: require_hash(value, name=f"inputs.{name}") for name, value in inputs.items()}
    try:
        return canonical_hash({"skill": skill, "version": version, "params": params, "inputs": checked})
    except rfc8785.CanonicalizationError as error:
        message = f"params of {skill}: {error}; only what RFC 8785 JSON can carry may shape a result"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message) from error


def cache_key(
    input_hash: ContentHash,
    *,
    tenant_id: str,
    step_id: str,
    scope: CacheScope,
    root_run_id: str | None = None,
) -> ContentHash:
    """Bind an input hash to those who may reuse its result.

    Args:
        root_run_id: The first of a chain of re-executions; part of the key only where the scope is `run_only`.

    Raises:
        CampaignError: INVALID_HASH; VALIDATION_ERROR when the scope is unknown, or `run_only` without a root run.
    """
    bound = {
        "input_hash": require_hash(input_hash, name="input_hash"),
        "tenant_id": tenant_id,
        "step_id": step_id,
        "scope": scope,
    }
    if scope == "run_only":
        if root_run_id is None:
            raise CampaignError(
                ErrorCode.VALIDATION_ERROR, "root_run_id: scope run_only needs one; none was given"
            )
        bound["root_run_id"] = root_run_id
    elif scope != "global":
        raise CampaignError(
            ErrorCode.VALIDATION_ERROR, f"scope: {scope!r} found; global or run_only is expected"
        )
    return canonical_hash(bound)
