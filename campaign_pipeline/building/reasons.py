"""Why a step could not reuse an earlier result, in words.

Belongs here: comparing what an invocation read with what the campaign's last one read.
Does not belong here: the lookup itself (building.build).
"""

from collections.abc import Iterator, Mapping
from typing import Any

_SHOWN = 4


def why_inputs_missed(read: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    """Name what has changed since the campaign's last build.

    Args:
        read: What this invocation reads: `skill`, `version`, `params`, `inputs`.
        before: The same of the campaign's last run of this step; None when there was none.
    """
    if before is None:
        return "first build"
    now, then = dict(_leaves(read)), dict(_leaves(before))
    changed = [name for name in {**now, **then} if now.get(name, ...) != then.get(name, ...)]
    if not changed:
        return "nothing has changed, but no reusable result was kept"
    more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return f"{', '.join(changed[:_SHOWN])}{more} changed"


def _leaves(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Walk to every leaf, under the name that a brief's author knows: without the outer `params` and `inputs`."""
    for key, child in value.items():
        name = f"{path}.{key}" if path else ("" if key in {"params", "inputs"} else key)
        if isinstance(child, Mapping) and (child or not name):
            yield from _leaves(child, name)
        else:
            yield name, child
