"""A brief's images at the intake: told by their headers, refused by the names that the brief has for them."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.games.catalogue import load_template
from campaign_pipeline.games.template import Template
from campaign_pipeline_tests.model.samples import brief

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
BRAND = {"brand_name": "B", "logo_uri": "pictures/brand.png"}


@pytest.fixture
def wheel() -> Template:
    return load_template("spin_wheel_v1")


def encoded(format_name: str, size: tuple[int, int] = (20, 10), mode: str = "RGB") -> bytes:
    data = io.BytesIO()
    Image.new(mode, size).save(data, format_name)
    return data.getvalue()


def refusal(wheel: Template, files: dict[str, Path], **changes: Any) -> str:
    with pytest.raises(CampaignError) as caught:
        wheel.check_files(files, brief=brief(**changes))
    assert caught.value.code is ErrorCode.VALIDATION_ERROR
    return caught.value.message


def written(folder: Path, data: bytes) -> Path:
    path = folder / "stored-under-another-name"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP"])
def test_images_that_the_slots_take_are_taken(wheel: Template, tmp_path: Path, format_name: str) -> None:
    path = written(tmp_path, encoded(format_name))

    wheel.check_files(
        {"assets.background": path, "branding.logo_uri": path},
        brief=brief(assets={"background": "b.png"}, branding=BRAND),
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            b"words in a file",
            "plain text found, told from the bytes; image/png or image/jpeg or image/webp is",
        ),
        (SVG, "image/svg+xml found, told from the bytes"),
        (encoded("GIF"), "image/gif found, told from the bytes"),
        (b"\x89PNG\r\n\x1a\nand no more", "an image found that does not decode; a whole image is expected"),
        (
            encoded("PNG", (8_000, 8_000), "1"),
            "8000×8000 pixels found; at most 50,000,000 in all are expected",
        ),
        (
            encoded("PNG", (14_000, 14_000), "1"),
            "far too many pixels found; at most 50,000,000 in all are expected",
        ),
    ],
    ids=["text", "svg", "gif", "torn", "large", "bomb"],
)
def test_an_unusable_image_is_named_by_its_field_and_as_the_brief_spells_it(
    wheel: Template, tmp_path: Path, data: bytes, expected: str
) -> None:
    path = written(tmp_path, data)

    background = refusal(wheel, {"assets.background": path}, assets={"background": "pictures/sea.png"})
    logo = refusal(wheel, {"branding.logo_uri": path}, branding=BRAND)

    assert background.startswith(f"assets.background: pictures/sea.png: {expected}")
    assert logo.startswith(f"branding.logo_uri: pictures/brand.png: {expected}")


def test_only_what_the_game_shows_must_be_an_image_that_it_can_show(wheel: Template, tmp_path: Path) -> None:
    vector = written(tmp_path, SVG)
    picture = tmp_path / "game.png"
    picture.write_bytes(encoded("PNG"))

    wheel.check_files(
        {"videos.intro": vector, "assets.logo": picture, "branding.logo_uri": vector},
        brief=brief(assets={"logo": "game.png"}, branding=BRAND),
    )


def test_a_file_that_cannot_be_read_is_named_without_its_place(wheel: Template, tmp_path: Path) -> None:
    message = refusal(wheel, {"branding.logo_uri": tmp_path / "gone"}, branding=BRAND)

    assert message == (
        "branding.logo_uri: pictures/brand.png: cannot be read (No such file or directory); "
        "a readable file is expected"
    )


def test_the_pixels_are_not_decoded(wheel: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, encoded("PNG", (7_000, 7_000), "1"))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda *_: pytest.fail("decoded"))

    wheel.check_files({"branding.logo_uri": path}, brief=brief(branding=BRAND))
