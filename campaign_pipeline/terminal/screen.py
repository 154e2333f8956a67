"""The terminal itself, and how figures and ids are spelled on it.

Belongs here: its width, its progress, sizes and shortened run ids.
Does not belong here: what is shown (runs, plans, watch).
"""

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console

T = TypeVar("T")

_MEGABYTE = 1_000_000
_UUID = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_PIPED_WIDTH = 140


def console(*, stderr: bool = False) -> Console:
    """Give the terminal; where output goes to a file or a pipe, lines are long enough for the tables."""
    found = Console(stderr=stderr)
    return found if found.is_terminal else Console(stderr=stderr, width=max(found.width, _PIPED_WIDTH))


def counting(console: Console, items: Sequence[T], *, doing: str) -> Iterator[T]:
    """Go through items and say how far it is; where nobody looks on, nothing is said."""
    if not console.is_terminal:
        yield from items
        return
    with console.status(doing) as status:
        for number, item in enumerate(items, start=1):
            status.update(f"{doing} {number}/{len(items)}")
            yield item


def size(size_bytes: int | None) -> str:
    """Spell a size in the unit that suits it."""
    if size_bytes is None:
        return ""
    if size_bytes < _MEGABYTE:
        return f"{size_bytes / 1000:,.1f} kB"
    return f"{size_bytes / _MEGABYTE:,.2f} MB"


def short(text: str) -> str:
    """Cut run ids to the eight digits that Dagster's UI shows, and `campaign show` takes."""
    return _UUID.sub(lambda match: match[1], text)
