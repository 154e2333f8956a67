"""The page holds on every screen, with any words and any colours, and never grows beyond its budget."""

import io
import re
from typing import Any

import pytest
from PIL import Image

from campaign_pipeline.games.catalogue import template_ids
from campaign_pipeline_tests.games.conftest import Framed, Opened
from campaign_pipeline_tests.games.harness import GAMES, game_config, template

THEMES = list(template("spin_wheel_v1")["themes"])
SCREENS = [(360, 640), (390, 844), (740, 360), (1440, 900), (320, 480), (820, 1180)]
HOSTILE = [
    "</script><script>window.broken = 1</script>",
    '<img src=x onerror="window.broken = 1">',
    "{{constructor.constructor('window.broken = 1')()}} ${window.broken = 1}",
    "\u202eniw uoY\u2028<!--",
]


def sized(width: int, height: int) -> dict[str, Any]:
    return {"viewport": {"width": width, "height": height}}


def picture(width: int, height: int, paint: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (width, height), paint).save(data, "PNG")
    return data.getvalue()


BOXES = """(ids) => ids.map((id) => {
    const r = document.getElementById(id).getBoundingClientRect();
    return {id, left: r.left, top: r.top, right: r.right, bottom: r.bottom};
})"""
FITS = """() => {
    const { documentElement: page, body } = document;
    const wide = [page, body, ...document.querySelectorAll('h1, h2, p, button')].filter(
        (box) => !box.classList.contains('unseen') && box.scrollWidth > box.clientWidth);
    const tall = [page, body].filter((box) => box.scrollHeight > box.clientHeight);
    return [...wide, ...tall].map((box) => box.id || box.tagName);
}"""


def overlaps(one: dict[str, float], other: dict[str, float]) -> bool:
    across = min(one["right"], other["right"]) - max(one["left"], other["left"])
    down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return across > 1 and down > 1


@pytest.mark.parametrize(
    "title", ["Spin & Win", "W" * 60, "Win every day of the summer with the wheel of our hearts now"]
)
@pytest.mark.parametrize("context", [sized(*screen) for screen in SCREENS], indirect=True, ids=str)
def test_every_part_has_its_place_on_every_screen(
    from_file: Opened, config: dict[str, Any], title: str
) -> None:
    config["copy"] |= {"title": title, "instructions": "Press the button. " * 4}
    stage = from_file(config, images={"logo": picture(300, 120, "white")})

    boxes = stage.game.evaluate(BOXES, ["title", "instructions", "wheel", "action", "mute", "pause", "logo"])

    window = stage.page.viewport_size
    assert window is not None
    assert stage.game.evaluate(FITS) == []
    assert [
        box["id"]
        for box in boxes
        if box["left"] < 0
        or box["top"] < 0
        or box["right"] > window["width"]
        or box["bottom"] > window["height"]
    ] == []
    pairs = [(one["id"], two["id"]) for i, one in enumerate(boxes) for two in boxes[:i] if overlaps(one, two)]
    assert pairs == []
    assert boxes[2]["right"] - boxes[2]["left"] >= 150


@pytest.mark.parametrize("context", [sized(*screen) for screen in SCREENS], indirect=True, ids=str)
def test_the_longest_result_fits_the_screen(from_file: Opened, config: dict[str, Any]) -> None:
    config["copy"] |= {"win_message": "Congratulations. " * 8, "lose_message": "x" * 140}
    for segment in config["mechanics"]["segments"]:
        segment["label"] = "Unbelievably-long-prize-name-40-letters!"
    stage = from_file(config)

    stage.play()
    stage.come_to_rest()

    (panel, again) = stage.game.evaluate(BOXES, ["result", "again"])
    window = stage.page.viewport_size
    assert window is not None
    assert panel["top"] >= 0
    assert panel["left"] >= 0
    assert panel["right"] <= window["width"]
    assert again["bottom"] <= window["height"]
    assert stage.game.evaluate(FITS) == []


def test_buttons_are_large_enough_for_a_thumb(from_file: Opened, config: dict[str, Any]) -> None:
    stage = from_file(config)

    boxes = stage.game.evaluate(BOXES, ["action", "mute", "pause"])

    for box in boxes:
        assert box["right"] - box["left"] >= 48
        assert box["bottom"] - box["top"] >= 48


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_arrive_as_plain_text(from_file: Opened, config: dict[str, Any], text: str) -> None:
    config["copy"] = dict.fromkeys(config["copy"], text)
    for segment in config["mechanics"]["segments"]:
        segment["label"] = text
    stage = from_file(config)

    stage.play()

    assert stage.game.evaluate("window.broken") is None
    for part in ["title", "instructions", "result-message", "result-prize"]:
        assert stage.game.locator(f"#{part}").text_content() == text
    assert stage.game.locator("#prizes li").all_text_contents() == [text] * 8
    assert stage.console == []


@pytest.mark.parametrize("theme", THEMES)
def test_words_on_segments_are_readable_in_every_theme(from_file: Opened, theme: str) -> None:
    stage = from_file(game_config("spin_wheel_v1", theme=theme))

    assert min(segment_contrasts(stage.game)) >= 4.5
    assert min(page_contrasts(stage.game)) >= 4.5


@pytest.mark.parametrize(
    "paint", ["#ffff00", "#ff0000", "#777777", "#00ff00", "#0000ff", "#ffffff", "#000000"]
)
def test_words_stay_readable_on_any_colour_of_a_brand(
    from_file: Opened, config: dict[str, Any], paint: str
) -> None:
    config["visuals"]["colors"] = dict.fromkeys(config["visuals"]["colors"], paint)
    for segment in config["mechanics"]["segments"]:
        segment["color"] = paint
    stage = from_file(config)

    assert min(segment_contrasts(stage.game)) >= 4.5
    assert min(page_contrasts(stage.game)) >= 4.5


def segment_contrasts(game: Any) -> list[float]:
    found: list[float] = game.evaluate(
        "() => [...document.querySelectorAll('#prizes li')].map("
        "(item) => CampaignRuntime.colour.contrast(item.dataset.ink, item.dataset.fill))"
    )
    return found


def page_contrasts(game: Any) -> list[float]:
    """Contrast of the page's words on what they stand on; buttons are large and bold, so 3 to 1 counts as 4.5."""
    found: list[float] = game.evaluate(
        """() => {
            const style = getComputedStyle(document.documentElement);
            const ratio = (one, other) => CampaignRuntime.colour.contrast(
                style.getPropertyValue('--' + one), style.getPropertyValue('--' + other));
            return [ratio('ink', 'background'), ratio('ink', 'lift'), ratio('panel-ink', 'panel'),
                    ratio('prize', 'panel'), ratio('face-ink', 'face') * 1.5, ratio('face-ink', 'accent') * 1.5];
        }"""
    )
    return found


def test_logo_and_background_are_shown_where_the_campaign_has_them(
    from_file: Opened, config: dict[str, Any]
) -> None:
    images = {"logo": picture(300, 100, "white"), "background": picture(400, 800, "teal")}
    stage = from_file(config, images=images)

    widths = stage.game.evaluate(
        "['logo', 'background'].map((id) => document.getElementById(id).naturalWidth)"
    )

    assert widths == [300, 400]
    assert stage.console == []


@pytest.mark.parametrize(("theme", "paint"), [("midnight_gold", "white"), ("candy_pop", "black")])
def test_words_stay_readable_on_the_most_unfortunate_picture(
    from_file: Opened, theme: str, paint: str
) -> None:
    stage = from_file(
        game_config("spin_wheel_v1", theme=theme), images={"background": picture(100, 100, paint)}
    )

    with Image.open(io.BytesIO(stage.page.screenshot())) as shot:
        ground = shot.convert("RGB").getpixel((4, 200))

    assert isinstance(ground, tuple)
    ratio = stage.game.evaluate(
        "(ground) => CampaignRuntime.colour.contrast(ground, "
        "getComputedStyle(document.documentElement).getPropertyValue('--ink'))",
        "#{:02x}{:02x}{:02x}".format(*ground),
    )
    assert ratio >= 4.5


def test_a_campaign_without_pictures_asks_for_none(from_file: Opened, config: dict[str, Any]) -> None:
    stage = from_file(config)

    assert not [url for url in stage.requests if url.endswith(".png")]
    assert stage.game.locator("#logo").is_hidden()


@pytest.mark.parametrize(
    ("locale", "word"), [("de-AT", "Drehen"), ("fr", "Tourner"), ("es-MX", "Girar"), ("xx-YY", "Spin")]
)
def test_buttons_speak_the_language_of_the_campaign(
    from_file: Opened, config: dict[str, Any], locale: str, word: str
) -> None:
    config["settings"]["locale"] = locale
    stage = from_file(config)

    assert stage.game.locator("#action").inner_text() == word


@pytest.mark.parametrize("count", [2, 3, 16])
def test_any_number_of_segments_can_be_played(from_file: Opened, config: dict[str, Any], count: int) -> None:
    config["mechanics"]["segments"] = [
        {"label": f"A prize with number {i}", "outcome": "lose" if i % 2 else "win", "weight": 1}
        for i in range(count)
    ]
    stage = from_file(config)

    result = stage.play()

    assert (result["outcome"] == "lose") == bool(result["player_result"]["landed_segment_index"] % 2)
    assert stage.console == []


def test_neighbours_on_the_wheel_never_look_alike(from_file: Opened, config: dict[str, Any]) -> None:
    config["mechanics"]["segments"] = [
        {"label": str(i), "outcome": "lose" if i == 0 else "win", "weight": 1} for i in range(9)
    ]
    stage = from_file(config)

    fills = stage.game.evaluate(
        "() => [...document.querySelectorAll('#prizes li')].map((li) => li.dataset.fill)"
    )

    assert all(one != other for one, other in zip(fills, [*fills[1:], fills[0]], strict=True))


def test_the_code_of_the_game_stays_within_60_kilobytes() -> None:
    parts = [*(GAMES / "runtime").iterdir(), *(GAMES / "spin_wheel_v1").iterdir()]

    size = sum(len(part.read_bytes()) for part in parts if part.name.endswith((".js", ".css", ".html")))

    assert size <= 60_000


@pytest.mark.parametrize("template_id", template_ids())
def test_a_page_lets_no_script_connect_anywhere(template_id: str) -> None:
    page = (GAMES / template_id / "page.html").read_text()

    assert page.count("default-src 'none'") == 1
    assert page.count("connect-src 'none'") == 1


def test_a_fetch_is_refused_by_the_browser(in_frame: Framed, config: dict[str, Any]) -> None:
    stage = in_frame(config)

    stage.game.evaluate(
        "() => { addEventListener('securitypolicyviolation', (e) => { window.refused = e.effectiveDirective; });"
        "fetch('game_config.json').catch(() => {}); }"
    )

    stage.wait_for("() => window.refused === 'connect-src'")


def test_no_script_uses_what_a_sandboxed_frame_refuses_or_copy_could_abuse() -> None:
    scripts = [(GAMES / "runtime/runtime.js").read_text(), (GAMES / "spin_wheel_v1/game.js").read_text()]

    banned = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|"
        r"\bfetch\(|XMLHttpRequest|localStorage|sessionStorage|document\.cookie|^import |^export "
    )
    assert [found for script in scripts for found in re.findall(banned, script, re.MULTILINE)] == []
