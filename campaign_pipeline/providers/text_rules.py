"""What has to hold of a text model's answer beyond its form.

Belongs here: the rules that need the request: is all there that was asked, does it fit, is it copy and nothing else.
Does not belong here: the form of an answer (model.game_text), colours (providers.colour_rules), what follows from a
broken rule (the adapters).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator

from campaign_pipeline.model.game_text import GameText, PrizeToName, TextRequest
from campaign_pipeline.providers.colour_rules import colour_problems

_INVISIBLE = frozenset("\u200b\u2060\ufeff\u2028\u2029")
_SPEAK_OF_TODO = frozenset({"es", "pt", "gl", "ast"})
"""Languages in which TODO is a word of its own: everything."""

_MARKUP = re.compile(r"<[^\s\d<>]|&(?:#x?[0-9a-f]+|[a-z]{2,8});|\*\*|`", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"[\[\]{}]|__|%[sd]\b|\b(?:lorem ipsum|placeholder)\b|\byour (?:text|title|brand|message) here\b",
    re.IGNORECASE,
)
_TODO = re.compile(r"\bTODO\b")
_MARKED_TODO = re.compile(r"\bTODO *[:(]|^\W*TODO\W*$")
_NAMES_OF_FIELDS = frozenset(
    {"title", "instructions", "win_message", "lose_message", "string", "text", "null", "n/a"}
)

# Of the top-level domains only those that a shop or a link shortener would use: a missing space after a full stop
# makes any two words look like a domain.
_ADDRESS = re.compile(
    r"\w://|\bwww\.|\b(?:javascript|data|mailto):\S|\w@\w+\.\w"
    r"|\b[\w-]+\.(?:com|net|org|io|co|app|shop|store|info|biz|me|ly|gg|link|dev|ai|tv|eu|uk|us)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def text_problems(text: GameText, *, request: TextRequest) -> list[str]:
    """Name everything in an answer that the game cannot take, each with its field and what would be right."""
    return [
        *_too_long(text, request=request),
        *_strange_words(text, request=request),
        *_prize_problems(text.prizes or [], places=request.prizes),
        *_question_problems(text),
        *colour_problems(text.colors, request=request),
    ]


def missing_parts(text: GameText, *, request: TextRequest) -> list[str]:
    """Name what was asked and is not there, and what is there and was not asked."""
    parts = [
        *_difference("copy", text.texts.to_json(), asked=request.open_texts),
        *_difference("colors", text.colors.to_json(), asked=request.open_colors),
    ]
    for name, found, asked in (
        ("prizes", text.prizes, len(request.prizes)),
        ("questions", text.questions, request.questions),
    ):
        if len(found or []) != asked:
            parts.append(f"{name}: {len(found or [])} found; exactly {asked} are expected")
    return parts


def _difference(part: str, found: Collection[str], *, asked: Collection[str]) -> Iterator[str]:
    yield from (f"{part}.{name}: nothing found; a value is required" for name in asked if name not in found)
    yield from (f"{part}.{name}: it was not asked for; leave it out" for name in found if name not in asked)


def _words(text: GameText) -> Iterator[tuple[str, str]]:
    """Give every text that was written, with its field."""
    yield from ((f"copy.{name}", words) for name, words in text.texts.to_json().items())
    yield from ((f"prizes[{index}]", name) for index, name in enumerate(text.prizes or []))
    for index, question in enumerate(text.questions or []):
        yield f"questions[{index}].question", question.question
        for option, answer in enumerate(question.options):
            yield f"questions[{index}].options[{option}].text", answer.text


def most_characters(field: str, *, request: TextRequest) -> int | None:
    """Say how long a text may be in this game; None where the data model's limit is the only one.

    Args:
        field: Its path in the answer, such as `copy.title` or `prizes[0]`.
    """
    limits = request.limits.to_json()
    part, _, name = field.partition(".")
    if part.startswith("prizes"):
        return int(limits["prize"])
    return int(limits[name]) if part == "copy" and name in limits else None


def _too_long(text: GameText, *, request: TextRequest) -> Iterator[str]:
    for field, words in _words(text):
        limit = most_characters(field, request=request)
        if limit is not None and len(words) > limit:
            yield f"{field}: {len(words)} characters found; at most {limit} are expected"


def _strange_words(text: GameText, *, request: TextRequest) -> Iterator[str]:
    names = [name for name in (request.brand_name, request.campaign_name) if name]
    language = request.locale.partition("-")[0].lower()
    for field, words in _words(text):
        problem = _strange(words, language=language, names=names)
        if problem is not None:
            yield f"{field}: {problem}"


def _strange(words: str, *, language: str, names: Collection[str]) -> str | None:
    todo = _MARKED_TODO if language in _SPEAK_OF_TODO else _TODO
    if _INVISIBLE.intersection(words) or any(unicodedata.category(letter) == "Co" for letter in words):
        return "an invisible character found; plain text is expected"
    if (markup := _MARKUP.search(words)) is not None:
        return f"markup found ({markup[0]!r}); plain text is expected"
    if (address := _ADDRESS.search(_without(names, words))) is not None:
        return f"an address found ({address[0]!r}); copy without addresses is expected"
    filler = _PLACEHOLDER.search(words) or todo.search(words)
    if filler is not None:
        return f"placeholder text found ({filler[0]!r}); the words that players will read are expected"
    if words.casefold() in _NAMES_OF_FIELDS or not any(letter.isalnum() for letter in words):
        return f"placeholder text found ({words[:20]!r}); the words that players will read are expected"
    return None


def _without(names: Collection[str], words: str) -> str:
    """Take the campaign's own names out: a brand may be called like an address."""
    for name in names:
        words = re.sub(re.escape(name), "", words, flags=re.IGNORECASE)
    return words


def _prize_problems(names: list[str], *, places: list[PrizeToName]) -> Iterator[str]:
    if len(names) != len(places):
        return  # which name is whose cannot be told; missing_parts says so
    counted = Counter(name.casefold() for name in names)
    for index, (name, place) in enumerate(zip(names, places, strict=True)):
        if place.wins and counted[name.casefold()] > 1:
            yield f"prizes[{index}]: {name!r} found twice; a name of its own is expected for a place that wins"
        # The figures are what the player is promised, and no model's to settle.
        found, right = _figures(name), _figures(place.current)
        if found != right:
            right_words = f"the figures of {place.current!r} and no others are" if right else "no figure is"
            yield f"prizes[{index}]: {name!r} found; {right_words} expected"


def _figures(words: str) -> list[str]:
    """Give the numbers in a text, in any script's digits."""
    plain = "".join(str(unicodedata.digit(letter, letter)) for letter in words)
    return sorted(number.replace(",", ".") for number in _NUMBER.findall(plain))


def _question_problems(text: GameText) -> Iterator[str]:
    asked = [question.question.casefold() for question in text.questions or []]
    for index, question in enumerate(asked):
        if question in asked[:index]:
            yield f"questions[{index}].question: it was asked before; another question is expected"
