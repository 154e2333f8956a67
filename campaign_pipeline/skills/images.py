"""Images of a brief, decoded and written again.

Belongs here: telling an image's type from its bytes, refusing what is none, and writing it again small and clean.
Does not belong here: which types and sizes a slot takes (the template), or where the file goes (the bundle).
"""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign_pipeline.errors import CampaignError, ErrorCode

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 50_000_000
"""More than any camera phone's photo; beyond it a small file could fill the memory."""

_JPEG_QUALITY = 85
_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


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
    image = _decoded(data, media_type=_sniffed(data, field=field, types=types), field=field)
    image.thumbnail((max_px, max_px))
    if image.mode == "RGBA":
        return RasterImage(data=_encoded(image, "PNG"), extension="png")
    png, jpeg = _encoded(image, "PNG"), _encoded(image, "JPEG")
    if len(png) <= len(jpeg):
        return RasterImage(data=png, extension="png")
    return RasterImage(data=jpeg, extension="jpg")


def _sniffed(data: bytes, *, field: str, types: Sequence[str]) -> str:
    import puremagic  # noqa: PLC0415 - its signatures are read only when a bundle has an image

    try:
        found = puremagic.from_string(data, mime=True) or "unknown bytes"
    except (puremagic.PureError, ValueError):
        found = "unknown bytes"
    if found not in types:
        raise _refused(field, f"{found} found, told from the bytes; {' or '.join(types)} is expected")
    return found


def _decoded(data: bytes, *, media_type: str, field: str) -> "Image":
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - only a bundle with images pays for it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(data), formats=[_FORMATS[media_type]])
        if opened.width * opened.height > MAX_PIXELS:
            raise _refused(
                field,
                f"{opened.width}×{opened.height} pixels found; at most {MAX_PIXELS:,} in all are expected",
            )
        upright = ImageOps.exif_transpose(opened)
        plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        return _in_srgb(plain, profile=opened.info.get("icc_profile"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refused(field, f"too many pixels found; at most {MAX_PIXELS:,} are expected") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise _refused(field, f"{media_type} found that does not decode; a whole image is expected") from None


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


def _refused(field: str, problem: str) -> CampaignError:
    return CampaignError(ErrorCode.VALIDATION_ERROR, f"{field}: {problem}")
