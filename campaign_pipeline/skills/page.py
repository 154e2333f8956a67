"""A template's page with a campaign's configuration, title and language put in.

Belongs here: writing untrusted values into HTML so that they stay values.
Does not belong here: what stands in the page (the template's page.html) or in the bundle.
"""

import html
from collections.abc import Iterator

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import JsonObject, canonical_json

CONFIG_OPENING = '<script type="application/json" id="game-config">'
_CONFIG = f"{CONFIG_OPENING}</script>"
_TITLE = "<title></title>"
_LANGUAGE = '<html lang="en">'

# Inside a JSON text these stand only in strings, where the escape means the same character. Unescaped, the first three
# could end the script element or begin a comment, and the last two end a line in older parsers.
_ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


def script_json(value: JsonObject) -> str:
    """Spell a JSON value so that it can stand inside a script element."""
    return canonical_json(value).decode().translate(_ESCAPES)


def fill_page(page: bytes, *, config: JsonObject, title: str, locale: str) -> bytes:
    """Put configuration, title and language into a template's page.

    Raises:
        CampaignError: VALIDATION_ERROR when the page does not hold each of the three places exactly once.
    """
    text = page.decode("utf-8")
    places = {
        _CONFIG: f"{CONFIG_OPENING}{script_json(config)}</script>",
        _TITLE: f"<title>{html.escape(title)}</title>",
        _LANGUAGE: f'<html lang="{html.escape(locale)}">',
    }
    for place in places:
        if text.count(place) != 1:
            message = f"page.html: {place} found {text.count(place)} times; once is expected"
            raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    return "".join(_filled(text, places)).encode("utf-8")


def _filled(text: str, places: dict[str, str]) -> Iterator[str]:
    """Cut the page at its places first: what is put into one can then never be taken for another."""
    rest = text
    for place in sorted(places, key=text.index):
        before, _, rest = rest.partition(place)
        yield before
        yield places[place]
    yield rest
