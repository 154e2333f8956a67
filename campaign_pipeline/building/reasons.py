"""Why a step could not reuse an earlier result, in words.

Belongs here: comparing what an invocation read with what earlier ones of the campaign read.
Does not belong here: the look-up itself, and which earlier ones are compared (building.reuse).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_SHOWN = 4


def why_inputs_missed(read: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> str:
    """Name what has changed since an earlier invocation.

    Of several the one that differs least is compared, the first among equals: what a trial changed in between is then
    no reason for anything.

    Args:
        read: What this invocation reads: `skill version`, `params`, `inputs`.
        earlier: The same of earlier ones, the newest first, empty where it was not kept; none when there was none.
    """
    if not earlier:
        return "first build"
    kept = [dict(_leaves(before)) for before in earlier if before]
    if not kept:
        return "no reusable result was kept, nor what earlier ones were made from"
    now = dict(_leaves(read))
    changed = min((_changed(now, then) for then in kept), key=len)
    if not changed:
        return "nothing has changed, but no reusable result was kept"
    more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return f"{', '.join(changed[:_SHOWN])}{more} changed"


def _changed(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[str]:
    changed = [name for name in {**now, **then} if now.get(name, ...) != then.get(name, ...)]
    # Where nothing was and now fields are, or the other way round, the fields say it.
    return [name for name in changed if not any(other.startswith(f"{name}.") for other in changed)]


def _leaves(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Walk to every leaf, under the name that a brief's author knows: without the outer `params` and `inputs`."""
    for key, child in value.items():
        name = f"{path}.{key}" if path else ("" if key in {"params", "inputs"} else key)
        if isinstance(child, Mapping) and (child or not name):
            yield from _leaves(child, name)
        else:
            yield name, child
