"""Images: told by their bytes, written again, refused where they are something else."""

import io
import random
from collections.abc import Sequence
from typing import Any

import pytest
from PIL import Image, ImageCms

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.skills.images import RasterImage, rewritten_image

ALLOWED = ("image/png", "image/jpeg", "image/webp")
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
ORIENTATION_TAG = 0x0112


def encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def rewritten(data: bytes, *, types: Sequence[str] = ALLOWED, max_px: int = 512) -> RasterImage:
    return rewritten_image(data, field="assets.background", types=types, max_px=max_px)


def reopened(image: RasterImage) -> Image.Image:
    return Image.open(io.BytesIO(image.data))


def photo(size: tuple[int, int] = (300, 200)) -> Image.Image:
    return Image.effect_noise(size, 60).convert("RGB")


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP"])
def test_every_allowed_kind_is_written_again_the_same_each_time(format_name: str) -> None:
    data = encoded(photo(), format_name)

    assert rewritten(data) == rewritten(data)


def test_a_photo_becomes_jpeg_and_a_drawing_png() -> None:
    drawing = encoded(Image.new("RGB", (300, 200), "red"), "JPEG")

    assert rewritten(encoded(photo(), "PNG")).extension == "jpg"
    assert rewritten(drawing).extension == "png"


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_lets_light_through_keeps_doing_so(mode: str) -> None:
    clear = Image.new("RGBA", (10, 10), (255, 0, 0, 0)).convert(mode)
    options = {"transparency": 0} if mode == "P" else {}

    image = reopened(rewritten(encoded(clear, "PNG", **options)))

    assert (image.format, image.mode) == ("PNG", "RGBA")
    assert image.getpixel((0, 0))[3] == 0  # type: ignore[index]  # an RGBA pixel is a tuple


@pytest.mark.parametrize("mode", ["L", "CMYK", "1", "I;16"])
def test_odd_colour_models_are_read(mode: str) -> None:
    data = encoded(Image.new(mode, (10, 10)), "JPEG" if mode == "CMYK" else "PNG")

    assert reopened(rewritten(data)).mode == "RGB"


def test_an_image_is_made_no_larger_than_its_slot() -> None:
    assert reopened(rewritten(encoded(photo((1000, 500)), "JPEG"), max_px=100)).size == (100, 50)
    assert reopened(rewritten(encoded(photo((40, 20)), "JPEG"), max_px=100)).size == (40, 20)


def test_an_image_stands_upright_and_tells_nothing_else() -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    exif[0x010F] = "A camera of somebody's"
    data = encoded(photo((300, 200)), "JPEG", exif=exif, comment=b"secret")

    image = reopened(rewritten(data))

    assert image.size == (200, 300)
    assert not image.getexif()
    assert b"secret" not in rewritten(data).data
    assert b"camera" not in rewritten(data).data


@pytest.mark.parametrize(
    "profile", [ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), b"none"]
)
def test_a_colour_profile_is_applied_and_left_behind(profile: bytes) -> None:
    data = encoded(Image.new("RGBA", (10, 10), (200, 100, 50, 128)), "PNG", icc_profile=profile)

    image = reopened(rewritten(data))

    assert "icc_profile" not in image.info
    assert image.getpixel((5, 5)) == (200, 100, 50, 128)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (SVG, "svg"),
        (b"<html><script>alert(1)</script></html>", "found"),
        (b"", "unknown bytes"),
        (b"plain words,\nand more", "plain text found"),
        (b"\x00\x01\x02\x03" * 9, "unknown bytes found"),
        (encoded(Image.new("RGB", (2, 2)), "GIF"), "image/gif"),
        (b"%PDF-1.7\n", "pdf"),
    ],
)
def test_what_is_no_allowed_image_is_refused_by_its_bytes(data: bytes, found: str) -> None:
    with pytest.raises(CampaignError) as caught:
        rewritten(data)

    assert caught.value.code is ErrorCode.VALIDATION_ERROR
    assert caught.value.message.startswith("assets.background: ")
    assert found in caught.value.message
    assert "image/png or image/jpeg or image/webp is expected" in caught.value.message


def test_a_slot_takes_only_its_own_kinds() -> None:
    with pytest.raises(CampaignError, match="image/jpeg found, told from the bytes; image/png is expected"):
        rewritten(encoded(photo(), "JPEG"), types=["image/png"])


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP"])
def test_half_an_image_is_refused(format_name: str) -> None:
    data = encoded(photo(), format_name)

    with pytest.raises(CampaignError, match="found that does not decode; a whole image is expected"):
        rewritten(data[: len(data) // 2])


@pytest.mark.parametrize("side", [8_000, 14_000])
def test_a_small_file_of_too_many_pixels_is_refused(side: int) -> None:
    bomb = encoded(Image.new("1", (side, side)), "PNG")

    with pytest.raises(CampaignError, match="pixels found; at most"):
        rewritten(bomb)


def altered(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        changed[dice.randrange(len(changed))] = dice.choice([0, 1, 2, 255, dice.randrange(256)])
    return bytes(changed)


def camera_notes() -> bytes:
    exif = Image.Exif()
    exif.update({ORIENTATION_TAG: 6, 0x010F: "A camera", 0x011A: 72.0, 0x0132: "2026:01:01 00:00:00"})
    exif.get_ifd(0x8769)[0x9000] = b"0230"
    return exif.tobytes()


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP"])
def test_an_altered_image_is_taken_or_refused_and_nothing_else_happens(format_name: str) -> None:
    dice = random.Random(7)  # noqa: S311 - the same files each time, not a secret
    image = Image.frombytes("RGB", (24, 16), dice.randbytes(24 * 16 * 3))
    notes = camera_notes()
    whole = encoded(image, format_name, exif=notes)
    refusals: set[str] = set()

    for _ in range(200):
        for data in (altered(whole, dice), encoded(image, format_name, exif=altered(notes, dice))):
            try:
                rewritten(data)
            except CampaignError as error:
                refusals.add(f"{error.code}: {error.message.partition(': ')[0]}")

    assert refusals == {"VALIDATION_ERROR: assets.background"}


def test_what_a_decoder_says_of_its_memory_is_not_told() -> None:
    with pytest.raises(CampaignError) as caught:
        rewritten(b"\x89PNG\r\n\x1a\n" + b"x" * 40)

    assert caught.value.message == (
        "assets.background: an image found that does not decode; a whole image is expected"
    )
