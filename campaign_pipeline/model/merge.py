"""JSON Merge Patch, by which a run's overrides change a brief and a brief changes a template's defaults.

Belongs here: the one algorithm.
Does not belong here: who may patch what (building.brief_file, skills).
"""

from typing import Any


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a merge patch and return the result; neither argument is changed.

    Objects are merged key by key, null takes a key away, all else (arrays too) replaces what was there.

    Source:
        RFC 7396, section 2.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
