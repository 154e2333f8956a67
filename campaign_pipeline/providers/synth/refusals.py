"""What free text wants, apart from what it declines.

Belongs here: finding refusals such as “no drums or bells, only strings”, and how far each of them reaches.
Does not belong here: what the words mean (prompts, genre_words, keys_in_words).
"""

import re
from dataclasses import dataclass

_DRUM_AND_BASS = re.compile(r"\bdrum[ -]?(?:and|&|n|['’]n['’]?)[ -]?bass\b", re.IGNORECASE)
_NOT_WITHOUT = re.compile(r"\bnot without\b", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:no(?![-‐]| (?:doubt|matter|problem|worries|limits|holds|frills|nonsense|rules)\b)"
    r"|(?<!why )not(?! (?:only|just|least|your|another)\b)|never|nor|neither|without|w/o"
    r"|(?:do|does|is|are|should|must)n['’]?t|avoid(?:ing)?|skip|omit|minus"
    r"|drop(?:ping)? the(?= (?:drum|percussion)))(?!\w)",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"[.;:!?()\n–—]| - "
    r"|\b(?:but|only|just|with|instead|rather|yet|however|except|though|although|while|where|that|which|because"
    r"|then|please|and (?:an?|some|more|lots|plenty|then))\b"
    r"|(?<=\w) (?:from|for|over|under|in|on|at|to|like|as|by|until|till|before|after)\b",
    re.IGNORECASE,
)
_THING = (
    r"(?:(?:the|any|an?) )?(?:drums?|percussion|beats?|bass|bells?|piano|strings|guitars?|violins?|horns?|brass"
    r"|trumpets?|flutes?|organ|pads?|synths?|vocals?|voices?|singing|cymbals?|hi-?hats?|sax(?:ophone)?|marimba"
    r"|vib(?:es|raphone)|harp|ukulele|banjo|bongos?|congas?)"
)
_ONE_THING = re.compile(_THING, re.IGNORECASE)
_LAST_THINGS = re.compile(rf"(?:{_THING} )?and {_THING}", re.IGNORECASE)
_SINGING = re.compile(r"(?:any |lead )?(?:vocals?|voices?|singing|lyrics|words)", re.IGNORECASE)
_NEXT_WORD = re.compile(r"\s*\S+")
_OR = re.compile(r"\bor\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Free text in two: what is left of it without its refusals, and what they refuse."""

    wanted: str
    declined: str


def sort_out(text: str) -> Asked:
    """Take the refusals out of free text; each reaches over its list, up to the next clause."""
    rest = _NOT_WITHOUT.sub("with", _DRUM_AND_BASS.sub("dnb", text))
    wanted, declined = [], []
    while found := _NEGATION.search(rest):
        reach = _reach(rest[found.end() :], after=found[0].lower())
        wanted.append(rest[: found.start()])
        declined.append(rest[found.end() : found.end() + reach])
        rest = rest[found.end() + reach :]
    return Asked(wanted=" ".join([*wanted, rest]), declined=", ".join(declined))


def _reach(text: str, *, after: str) -> int:
    """Count the characters behind a negation that it speaks of."""
    if after == "never":  # as in “never boring”: a word about how, and not a list of what
        return word.end() if (word := _NEXT_WORD.match(text)) else 0
    ends = [found.start() for found in (_CLAUSE_END.search(text), _NEGATION.search(text)) if found]
    items = text[: min(ends, default=len(text))].split(",")
    if _SINGING.fullmatch(items[0].strip()) and not _OR.search(",".join(items)):
        # What sings is refused by itself, and what plays is named behind it.
        return len(items[0])
    listed = next((count for count in range(len(items), 1, -1) if _is_list(items[1:count])), 1)
    return len(",".join(items[:listed]))


def _is_list(items: list[str]) -> bool:
    """Tell a list that goes on behind a comma from a new thought: “no drums, bells or harp” from “no drums, fast”."""
    *inner, last = (item.strip() for item in items)
    if _OR.search(last):
        return True
    return all(map(_ONE_THING.fullmatch, inner)) and _LAST_THINGS.fullmatch(last) is not None
