"""A request for music, in words.

Belongs here: reading the wording and filling a request in.
Does not belong here: the words themselves (wording.yaml), how they are sent (adapter).
"""

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.model.digest import ContentHash, content_hash
from campaign_pipeline.providers.tempo import fit_tempo

_FILE = Path(__file__).with_name("wording.yaml")


def wording_digest() -> ContentHash:
    """Give the digest of the words as they lie there."""
    return content_hash(_bytes())


def in_words(request: AudioRequest) -> str:
    """Say what is asked for, to a model that only reads text.

    Nothing of the file that is made in the end is in it: another bitrate, rate or format buys no other music.
    """
    import yaml  # noqa: PLC0415  only a request that is put into words

    words: dict[str, Any] = yaml.safe_load(_bytes())
    tempo = fit_tempo(request)
    told = {
        "prompt": request.prompt.strip(),
        "genre": request.genre.strip(),
        "mood": words["moods"][request.mood],
        "energy": _energy(words, request.energy_level),
        "bpm": _number(tempo.bpm),
        "seconds": _number(request.duration_sec),
        "bars": str(tempo.bars),
    }
    lines = ["style", "tempo", "length", "loop" if request.loopable else "ending", "refused"]
    return "\n".join(_line(words, name, told) for name in (["theme"] if told["prompt"] else []) + lines)


def _line(words: Mapping[str, Any], name: str, told: Mapping[str, str]) -> str:
    return Template(words[name]).substitute(told)


def _energy(words: Mapping[str, Any], asked: float) -> str:
    return next(str(said) for highest, said in words["energies"] if asked <= highest)


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _bytes() -> bytes:
    return _FILE.read_bytes()
