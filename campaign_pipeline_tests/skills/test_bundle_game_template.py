"""The bundle: what lies in it, that it comes out the same, and that hostile text stays text."""

import base64
import hashlib
import io
import json
import zipfile
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.games.catalogue import load_template
from campaign_pipeline.games.template import Template
from campaign_pipeline.model.audio import LoopPoints
from campaign_pipeline.model.digest import canonical_hash, canonical_json, content_hash
from campaign_pipeline.model.files import StoredFile
from campaign_pipeline.model.game_config import GameConfig
from campaign_pipeline.providers.template import TemplateTextModel
from campaign_pipeline.skills.bundle_game_template import GameBundle, bundle_game_template, params
from campaign_pipeline.skills.game_config_from_template import game_config_from_template
from campaign_pipeline.skills.page import fill_page
from campaign_pipeline_tests.model.samples import brief

LOOP = LoopPoints(start_sec=0.1, end_sec=30.1)
TRACK = b"music" * 100
COPY_FIELDS = ("title", "instructions", "win_message", "lose_message")

HOSTILE = {
    "a closing script": "</script><script>alert(1)</script>",
    "a closing title": "</title></SCRIPT><h1>x",
    "an image": "<img src=x onerror=alert(1)>",
    "a comment": "<!-- <script> -->",
    "an entity": "&lt;b&gt; &amp;quot; &#60;",
    "a template": "{{constructor.constructor('x')()}} ${x} <%= x %>",
    "quotes": "\"'`\\ \\u003c \\",
    "line separators": "a\u2028b\u2029c",
    "a place of the page": '<title></title><html lang="en">',
    "emoji": "🎡 שלום مرحبا é",
}


def picture(
    mode: str = "RGB", size: tuple[int, int] = (40, 20), format_name: str = "PNG", **options: Any
) -> bytes:
    buffer = io.BytesIO()
    colour = (200, 30, 30, 90)[: len(mode)] if mode in {"RGB", "RGBA"} else 0
    Image.new(mode, size, colour).save(buffer, format_name, **options)
    return buffer.getvalue()


def configured(files: dict[str, bytes] | None = None, **changes: Any) -> GameConfig:
    given_files = files or {}
    asked = brief(assets={slot: f"{slot}.png" for slot in given_files}, **changes)
    stored = {
        f"assets.{slot}": StoredFile(
            content_hash=content_hash(data), size_bytes=len(data), media_type="image/png", filename="x"
        )
        for slot, data in given_files.items()
    }
    wheel, words = load_template("spin_wheel_v1"), TemplateTextModel()
    return game_config_from_template(asked, template=wheel, files=stored, text_model=words).config


def bundled(config: GameConfig, *, files: dict[str, bytes] | None = None, **options: Any) -> GameBundle:
    by_hash = {content_hash(data): data for data in (files or {}).values()}
    arguments: dict[str, Any] = {
        "template": load_template("spin_wheel_v1"),
        "track": TRACK,
        "track_format": "mp3",
        "loop": LOOP,
        "read_asset": by_hash.__getitem__,
        "epoch": None,
        "max_bundle_mb": 5,
    }
    return bundle_game_template(config, **{**arguments, **options})


def unpacked(bundle: GameBundle) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


class PageReader(HTMLParser):
    """Reads a page as a browser does: its tags, its title, the text of its configuration."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: dict[str, list[tuple[str, str | None]]] = {}
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes[tag] = attrs
        self._open = dict(attrs).get("id") or tag

    def handle_endtag(self, _tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        self.texts[self._open] = self.texts.get(self._open, "") + data


def test_a_bundle_holds_page_configuration_manifest_and_assets() -> None:
    bundle = bundled(configured())

    files = unpacked(bundle)

    music = hashlib.sha256(files[bundle.manifest.assets.audio[0]]).hexdigest()[:12]
    assert sorted(files) == sorted(
        [
            "index.html",
            "game_config.json",
            "bundle_manifest.json",
            "assets/runtime.js",
            "assets/runtime.css",
            "assets/game.js",
            "assets/style.css",
            f"assets/{music}.js",
        ]
    )


def test_the_page_and_the_file_say_the_same_configuration() -> None:
    files = unpacked(bundled(configured()))

    in_page = json.loads(PageReader(files["index.html"]).texts["game-config"])

    assert in_page == json.loads(files["game_config.json"])


def test_the_bundles_configuration_knows_its_music_and_its_images() -> None:
    images = {"background": picture(), "logo": picture("RGBA")}
    config = configured(images)

    files = unpacked(bundled(config, files=images))

    content = json.loads(files["game_config.json"])
    bgm = content["audio"]["bgm"]
    assert (bgm["loop_start_sec"], bgm["loop_end_sec"]) == (0.1, 30.1)
    assert bgm["uri"] in files
    assert set(content["visuals"]["assets"]) == {"background", "logo"}
    assert all(path in files for path in content["visuals"]["assets"].values())
    unchanged = config.to_json()
    unchanged["audio"]["bgm"] |= {key: bgm[key] for key in ("uri", "loop_start_sec", "loop_end_sec")}
    unchanged["visuals"]["assets"] = content["visuals"]["assets"]
    assert content == unchanged


@pytest.mark.parametrize(
    ("slot", "field"),
    [("background", "assets.background"), ("logo", "assets.logo or branding.logo_uri")],
)
def test_an_unusable_image_is_named_by_the_field_of_the_brief(slot: str, field: str) -> None:
    images = {slot: b"plain words"}

    with pytest.raises(CampaignError) as caught:
        bundled(configured(images), files=images)

    assert caught.value.code is ErrorCode.VALIDATION_ERROR
    assert caught.value.message.startswith(f"{field}: plain text found")


@pytest.mark.parametrize(("track_format", "mime"), [("mp3", "audio/mpeg"), ("wav", "audio/wav")])
def test_the_music_is_a_classic_script_that_holds_the_encoded_file(track_format: str, mime: str) -> None:
    bundle = bundled(configured(), track_format=track_format)

    script = unpacked(bundle)[bundle.manifest.assets.audio[0]].decode()

    assert (
        script == f'window.CampaignMusic={{"mime":"{mime}","base64":"{base64.b64encode(TRACK).decode()}"}};'
    )


def test_the_manifest_describes_every_file_but_itself() -> None:
    bundle = bundled(configured())
    files = unpacked(bundle)

    manifest = json.loads(files.pop("bundle_manifest.json"))

    assert manifest == bundle.manifest.to_json()
    assert [entry["path"] for entry in manifest["files"]] == sorted(files)
    for entry in manifest["files"]:
        data = files[entry["path"]]
        assert entry["size_bytes"] == len(data)
        assert entry["checksum"] == hashlib.sha256(data).hexdigest()[:16]
    assert manifest["metadata"]["file_count"] == len(files)
    assert manifest["metadata"]["total_size_bytes"] == sum(map(len, files.values()))
    assert manifest["checksum"] == manifest["bundle_id"]
    assert manifest["checksum"] == canonical_hash(
        [
            {"path": path, "size": len(data), "sha256": content_hash(data)}
            for path, data in sorted(files.items())
        ]
    )


def test_the_same_game_gives_the_same_bytes() -> None:
    images = {"background": picture()}

    one, two = (bundled(configured(images), files=images) for _ in range(2))

    assert one.data == two.data


def test_a_zip_says_nothing_of_when_and_where_it_was_written() -> None:
    bundle = bundled(configured())

    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        entries = archive.infolist()

    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    for entry in entries:
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert entry.compress_type == zipfile.ZIP_STORED
        assert (entry.create_system, entry.external_attr >> 16) == (3, 0o100644)


@pytest.mark.parametrize(
    ("epoch", "created_at"),
    [
        (None, "1980-01-01T00:00:00Z"),
        (0, "1980-01-01T00:00:00Z"),
        (1_780_000_000, "2026-05-28T20:26:40Z"),
        (10**11, "2107-12-31T23:59:58Z"),
    ],
)
def test_the_epoch_dates_the_files(epoch: int | None, created_at: str) -> None:
    bundle = bundled(configured(), epoch=epoch)

    assert bundle.manifest.created_at == created_at
    assert bundle.manifest.checksum == bundled(configured()).manifest.checksum


@pytest.mark.parametrize("field", COPY_FIELDS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_arrives_as_plain_text(kind: str, field: str) -> None:
    tags = PageReader(unpacked(bundled(configured()))["index.html"]).tags
    text = HOSTILE[kind]

    page = PageReader(unpacked(bundled(configured(copy={field: text})))["index.html"])

    config = json.loads(page.texts["game-config"])
    assert config["copy"][field] == text
    assert page.texts["title"] == config["copy"]["title"]
    assert page.tags == tags


@settings(deadline=None, max_examples=60)
@given(text=st.text(st.characters(codec="utf-8")), key=st.text(st.characters(codec="utf-8"), max_size=8))
def test_any_text_at_all_stays_within_its_place(text: str, key: str) -> None:
    template = load_template("spin_wheel_v1")
    empty = PageReader(fill_page(template.page_files()["index.html"], config={}, title="", locale="en"))

    filled = fill_page(template.page_files()["index.html"], config={key: text}, title=text, locale=text)

    page = PageReader(filled)
    assert json.loads(page.texts["game-config"]) == {key: text}
    assert page.tags == empty.tags


def test_the_page_is_in_the_campaigns_language() -> None:
    page = PageReader(unpacked(bundled(configured(locale="de-AT")))["index.html"])

    assert page.attributes["html"] == [("lang", "de-AT")]


@pytest.mark.parametrize("page", [b"", b"<title></title>", b"<title></title>" * 2])
def test_a_page_without_its_places_is_refused(page: bytes) -> None:
    with pytest.raises(CampaignError, match=r"page\.html: .* found \d times; once is expected"):
        fill_page(page, config={}, title="", locale="en")


def test_a_bundle_beyond_the_limit_says_how_large_it_is_and_what_to_do() -> None:
    with pytest.raises(CampaignError) as caught:
        bundled(configured(), track=b"x" * 1_500_000, max_bundle_mb=2)

    assert caught.value.code is ErrorCode.BUNDLE_TOO_LARGE
    assert "game_bundle: 2.0" in caught.value.message
    assert "music 2.00 MB" in caught.value.message
    assert "at most 2 MB is expected, set by CAMPAIGN_MAX_BUNDLE_MB" in caught.value.message
    assert "audio.bitrate_kbps" in caught.value.message


def test_a_bundle_without_its_music_is_small() -> None:
    assert len(bundled(configured(), track=b"").data) <= 100_000


def test_only_what_shapes_a_bundle_is_a_parameter() -> None:
    template: Template = load_template("spin_wheel_v1")

    given_params = params(template=template, loop=LOOP, track_format="mp3", max_bundle_mb=5)

    assert canonical_json(given_params)
    assert template.code_digest in str(given_params)
    assert template.config_digest not in str(given_params)
    assert given_params["loop"] == {"start_sec": 0.1, "end_sec": 30.1}
