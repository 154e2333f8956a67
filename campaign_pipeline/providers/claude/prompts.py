"""What Claude is told: the prompts beside this module, filled in.

Belongs here: reading the prompts, their version and digest, and putting a campaign's data into them as data.
Does not belong here: the form that an answer is asked in (providers.claude.form), or sending (providers.claude.wire).
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from campaign_pipeline.model.digest import JsonObject, canonical_hash, content_hash
from campaign_pipeline.model.game_text import TextRequest

VERSION = "1.0.1"
"""Of the prompts; a test holds it against their digest."""

_FOLDER = Path(__file__).with_name("prompts")
_NAMES = ("system", "request", "correction")


@cache
def _prompt(name: str) -> bytes:
    return (_FOLDER / f"{name}.md").read_bytes()


def identity() -> JsonObject:
    """Name the prompts by their version and by what stands in them."""
    digest = canonical_hash({name: content_hash(_prompt(name)) for name in _NAMES})
    return {"version": VERSION, "digest": digest}


def system() -> str:
    """Say what Claude is there for; nothing of a campaign is in it."""
    return _prompt("system").decode()


def request(asked: TextRequest, *, wanted: Sequence[str]) -> str:
    """Describe one campaign and name what is wanted for it."""
    return _filled("request", campaign=_as_data(asked.to_json()), wanted=", ".join(wanted))


def correction(problems: Sequence[str]) -> str:
    """Name what was wrong with an answer."""
    return _filled("correction", problems="\n".join(f"- {problem}" for problem in problems))


def _filled(name: str, **parts: str) -> str:
    text = _prompt(name).decode()
    for part, words in parts.items():
        before, _, after = text.partition(f"{{{part}}}")
        text = f"{before}{words}{after}"
    return text


def _as_data(value: JsonObject) -> str:
    """Spell a value so that nothing in it can be taken for the end of its block."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
