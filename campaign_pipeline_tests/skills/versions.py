"""What each skill's version stands for: the digest of every source and template that it is made of.

Belongs here: finding those files, and recording their digest beside the version:
`python -m campaign_pipeline_tests.skills.versions`, after a skill's VERSION was raised. A change that shapes no result
may keep the version: `--same-results "why"` records it with the reason.
Does not belong here: the digests that take part in an input hash (a skill's params say them).
"""

import argparse
import ast
import hashlib
import importlib
import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from campaign_pipeline.model.steps import STEPS

PACKAGE = "campaign_pipeline"
ROOT = Path(__file__).parents[2]
RECORD = Path(__file__).with_name("versions.json")
COMMAND = ".venv/bin/python -m campaign_pipeline_tests.skills.versions"

# How a failure is worded shapes no result.
_SHAPES_NOTHING = {"campaign_pipeline/errors.py"}

_TEMPLATES = {
    "game_config_from_template": ("games/*/template.yaml", "providers/claude/prompts/*.md"),
    "bundle_game_template": ("games/*/*.html", "games/*/*.js", "games/*/*.css", "games/*/template.yaml"),
}


def skill_ids() -> list[str]:
    """Name the four skills."""
    return [step.skill_id for step in STEPS]


# What a skill is handed rather than imports: the adapters behind its port.
_HANDED = {
    "game_config_from_template": Path("providers", "text_choice.py"),
    "generate_bgm_track": Path("providers", "audio_choice.py"),
}

# Parameters and metadata of every artifact are put together there, and the bundle reads the music's.
_CALLER = Path("building", "calls.py")


@cache
def files_of(skill_id: str) -> tuple[str, ...]:
    """Name every file that a skill is made of: its module, what that imports of ours, its caller, and templates."""
    found: set[Path] = {ROOT / PACKAGE / _CALLER}
    _follow(ROOT / PACKAGE / "skills" / f"{skill_id}.py", found)
    if skill_id in _HANDED:
        _follow(ROOT / PACKAGE / _HANDED[skill_id], found)
    for pattern in _TEMPLATES.get(skill_id, ()):
        found.update((ROOT / PACKAGE).glob(pattern))
    names = sorted(path.relative_to(ROOT).as_posix() for path in found)
    return tuple(name for name in names if name not in _SHAPES_NOTHING)


def _follow(path: Path, found: set[Path]) -> None:
    if path in found:
        return
    found.add(path)
    for node in ast.walk(ast.parse(path.read_bytes())):
        for module in _imported(node):
            source = _source(module)
            if source is not None:
                _follow(source, found)


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE)


def _source(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.is_file()), None)


@cache
def current() -> dict[str, dict[str, str]]:
    """Give each skill's version and the digest of its files as they are now."""
    return {
        skill_id: {"version": _version(skill_id), "digest": _digest(skill_id)} for skill_id in skill_ids()
    }


def recorded() -> dict[str, dict[str, str]]:
    """Give what was recorded last."""
    content: dict[str, dict[str, str]] = json.loads(RECORD.read_text("utf-8"))
    return content


def _version(skill_id: str) -> str:
    return str(importlib.import_module(f"{PACKAGE}.skills.{skill_id}").VERSION)


def _digest(skill_id: str) -> str:
    digest = hashlib.sha256()
    for name in files_of(skill_id):
        content = hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()


def record(*, same_results: str | None) -> None:
    """Write down what each skill is made of now.

    Args:
        same_results: Why the skills that are made of something else under their old version make what they made.

    Raises:
        SystemExit: There are such skills, and nobody says why.
    """
    before, now = recorded(), current()
    for skill_id, skill in now.items():
        old = before.get(skill_id, {})
        if skill["digest"] == old.get("digest"):
            now[skill_id] = {**old, **skill}
        elif skill["version"] == old.get("version"):
            if same_results is None:
                raise SystemExit(
                    f'{skill_id} {skill["version"]} is not what it was: raise VERSION, or --same-results "why"'
                )
            now[skill_id] = {**skill, "same_results": same_results}
    RECORD.write_text(json.dumps(now, indent=2) + "\n", "utf-8")
    sys.stdout.write(f"{RECORD.relative_to(ROOT)}\n")


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--same-results", metavar="WHY", help="why the same inputs still give the same bytes")
    record(same_results=words.parse_args().same_results)
