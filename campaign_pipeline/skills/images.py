"""Images of a brief, decoded and written again.

Belongs here: writing an image again small and clean.
Does not belong here: telling what a file is (games.image_files), which types and sizes a slot takes (the template), or
where the file goes (the bundle).
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign_pipeline.games.image_files import opened_image, undecodable_refused

if TYPE_CHECKING:
    from PIL.Image import Image

_JPEG_QUALITY = 85


@dataclass(frozen=True, kw_only=True)
class RasterImage:
    """An image as the bundle carries it."""

    data: bytes
    extension: str


def rewritten_image(data: bytes, *, field: str, types: Sequence[str], max_px: int) -> RasterImage:
    """Decode an image and write it again: upright, no larger than max_px either way, without metadata.

    What lets light through becomes PNG; the rest becomes PNG or JPEG, whichever is smaller.

    Raises:
        CampaignError: VALIDATION_ERROR naming the field when the bytes are not an image of one of the types.
    """
    opened = opened_image(io.BytesIO(data), field=field, types=types)
    with undecodable_refused(field):
        return _smallest(_decoded(opened), max_px=max_px)


def _smallest(image: "Image", *, max_px: int) -> RasterImage:
    image.thumbnail((max_px, max_px))
    if image.mode == "RGBA":
        return RasterImage(data=_encoded(image, "PNG"), extension="png")
    png, jpeg = _encoded(image, "PNG"), _encoded(image, "JPEG")
    if len(png) <= len(jpeg):
        return RasterImage(data=png, extension="png")
    return RasterImage(data=jpeg, extension="jpg")


def _decoded(opened: "Image") -> "Image":
    from PIL import ImageOps  # noqa: PLC0415 - only a bundle with images pays for it

    upright = ImageOps.exif_transpose(opened)
    plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    return _in_srgb(plain, profile=opened.info.get("icc_profile"))


def _in_srgb(image: "Image", *, profile: bytes | None) -> "Image":
    """Bring the colours into the space that a page shows, and drop what was said beside them."""
    from PIL import ImageCms  # noqa: PLC0415 - only a bundle with images pays for it

    image.info = {}  # comments, profiles and the like would be written again otherwise
    if profile is None:
        return image
    try:
        ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), inPlace=True
        )
    except (ImageCms.PyCMSError, OSError):  # a profile of another kind of colour, or none at all
        return image
    image.info = {}
    return image


def _encoded(image: "Image", format_name: str) -> bytes:
    buffer = io.BytesIO()
    if format_name == "JPEG":
        image.save(buffer, format_name, quality=_JPEG_QUALITY, optimize=True)
    else:
        image.save(buffer, format_name, optimize=True)
    return buffer.getvalue()
