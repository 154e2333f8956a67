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
_COMMON_WORDS = {"major", "minor", *_SHORT_SCALES}
"""Scales whose names say something else, too."""
_ANNOUNCED = re.compile(r"\b(?:in|key(?: of| is)?)[ :]+$", re.IGNORECASE)
_NO_KEY_BEFORE = re.compile(r"(?:\d|\bI) $")
"""What stands before “8 Am” and “what I Am”."""
_WORD = re.compile(r"\s+\w")
_GOES_ON = re.compile(
    r"\s+(?!(?:key|scale|mode|chords?|groove|march|waltz|ballad|melody|theme|tune|song|loop|riff|beat|piece|music|vamp"
    r"|blues|piano|guitar|strings|with|then|over|feel|please)\b)\w",
    re.IGNORECASE,
)
"""A word behind a key that a key does not have behind it, so that another thing is meant."""


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
    for alone in _ALONE.finditer(text):
        if (
            alone["letter"] != "a"
            or alone["sign"]
            or alone["word"]
            or not _GOES_ON.match(text[alone.end() :])
        ):
            return NamedKey(tonic=_tonic(alone))
    if mode := _ANY_TONIC.search(text):
        return NamedKey(scale=_scale(mode))
    return NamedKey()


def _is_chance(found: re.Match[str], text: str) -> bool:
    """Tell “a major brand”, “plan B major launch” and “Am I” from “in a minor”, “in B major, bright” and “in Am”."""
    before, after = text[: found.start()], text[found.end() :]
    is_short = found["scale"].lower() in _SHORT_SCALES
    if is_short and not (found["letter"].isupper() and found["scale"].islower()):
        return True
    if found["sign"]:
        return False
    if found["letter"] == "a" and not found["word"]:
        return not _ANNOUNCED.search(before) or _WORD.match(after) is not None
    if _ANNOUNCED.search(before):
        return False
    if is_short and _NO_KEY_BEFORE.search(before):
        return True
    return found["scale"].lower() in _COMMON_WORDS and _GOES_ON.match(after) is not None


def _tonic(found: re.Match[str]) -> int:
    accidental = (found["sign"] or found["word"] or "").lower()
    return (_NATURALS[found["letter"].lower()] + _ACCIDENTALS.get(accidental, 0)) % 12


def _scale(found: re.Match[str]) -> str:
    scale = found["scale"].lower()
    return _SHORT_SCALES.get(scale, scale)
