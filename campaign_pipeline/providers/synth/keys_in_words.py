"""How free text names a key.

Belongs here: reading “in D minor”, “key of F♯”, “in a minor key”.
Does not belong here: what a key is (theory), and which is taken where none is named (moods).
"""

import re
from dataclasses import dataclass

from campaign_pipeline.providers.synth.theory import SCALES

_NATURALS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {"#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
_TONIC = r"(?P<letter>[A-Ga-g])(?:(?P<sign>[#♯♭]|b(?![a-z]))|[ -]?(?P<word>sharp|flat))?"
_SCALE = rf"(?P<scale>{'|'.join(sorted(SCALES, key=len, reverse=True))}|m(?:in|aj)?)"
_WITH_SCALE = re.compile(rf"(?<![\w'’]){_TONIC}[ -]?{_SCALE}(?!\w)", re.IGNORECASE)
_ALONE = re.compile(rf"\bkey(?: of|:)? {_TONIC}(?![\w'’])", re.IGNORECASE)
_ANY_TONIC = re.compile(rf"\b{_SCALE} (?:key|scale|mode)\b", re.IGNORECASE)
_SHORT_SCALES = {"m": "minor", "min": "minor", "maj": "major"}


@dataclass(frozen=True, kw_only=True)
class NamedKey:
    """What text says of a key: a tonic, a scale, or both."""

    tonic: int | None = None
    scale: str | None = None


def key_named(text: str) -> NamedKey:
    """Read the first key that is named; text that names none asks for neither tonic nor scale."""
    for found in _WITH_SCALE.finditer(text):
        if not _is_chance(found, text):
            return NamedKey(tonic=_tonic(found), scale=_scale(found))
    if alone := _ALONE.search(text):
        return NamedKey(tonic=_tonic(alone))
    if mode := _ANY_TONIC.search(text):
        return NamedKey(scale=_scale(mode))
    return NamedKey()


def _is_chance(found: re.Match[str], text: str) -> bool:
    """Tell “a major brand” and “I am” from “in a minor”, “in A minor” and “in Am”."""
    if found["scale"].lower() in _SHORT_SCALES:
        return not (found["letter"].isupper() and found["scale"].islower())
    is_article = found["letter"] == "a" and not found["sign"] and not found["word"]
    return is_article and re.match(r"\s+\w", text[found.end() :]) is not None


def _tonic(found: re.Match[str]) -> int:
    accidental = (found["sign"] or found["word"] or "").lower()
    return (_NATURALS[found["letter"].lower()] + _ACCIDENTALS.get(accidental, 0)) % 12


def _scale(found: re.Match[str]) -> str:
    scale = found["scale"].lower()
    return _SHORT_SCALES.get(scale, scale)
