"""Image files as a slot takes them: the kind told from the first bytes, the size from the header.

Belongs here: what both the intake of a brief and the bundle refuse, in the same words.
Does not belong here: writing images again (skills.images), which slots there are (the template).
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from campaign_pipeline.errors import CampaignError, ErrorCode

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 50_000_000
"""More than any camera phone's photo; beyond it a small file could fill the memory."""

_HEAD_BYTES = 4096
_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
_SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_WEBP = (b"RIFF", b"WEBP")
_PIXELS_EXPECTED = f"at most {MAX_PIXELS:,} in all are expected"


def opened_image(file: BinaryIO, *, field: str, types: Sequence[str]) -> "Image":
    """Open an image, its header read and its pixels not decoded yet.

    Args:
        file: What the image is read from; it stays open for the decoding.
        field: What a refusal names: the brief's field, and the file where it is known.
        types: The media types that are taken.

    Raises:
        CampaignError: VALIDATION_ERROR when the bytes are not an image of one of the types, or of too many pixels.
    """
    from PIL import Image  # noqa: PLC0415 - only a brief with images pays for it

    head = file.read(_HEAD_BYTES)
    file.seek(0)
    found = _media_type(head)
    if found not in types:
        raise _refused(field, f"{found} found, told from the bytes; {' or '.join(types)} is expected")
    with undecodable_refused(field):
        try:
            image = Image.open(file, formats=[_FORMATS[found]])
        except Image.DecompressionBombError:
            raise _refused(field, f"far too many pixels found; {_PIXELS_EXPECTED}") from None
    if image.width * image.height > MAX_PIXELS:
        raise _refused(field, f"{image.width}×{image.height} pixels found; {_PIXELS_EXPECTED}")
    return image


@contextmanager
def undecodable_refused(field: str) -> Iterator[None]:
    """Turn whatever comes of odd bytes into a refusal that names the field."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a reader cannot act on what a decoder mutters about a file
            yield
    except CampaignError:
        raise
    except Exception:  # noqa: BLE001 - a decoder over altered bytes raises of every kind, and words it with addresses
        raise _refused(field, "an image found that does not decode; a whole image is expected") from None


def _media_type(head: bytes) -> str:
    for media_type, signature in _SIGNATURES.items():
        if head.startswith(signature):
            return media_type
    if (head[:4], head[8:12]) == _WEBP:
        return "image/webp"
    return _foreign_type(head)


def _foreign_type(head: bytes) -> str:
    import puremagic  # noqa: PLC0415 - only a refusal needs its signatures

    try:
        known = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError):
        known = ""
    if known and known not in _FORMATS:
        return known
    return "plain text" if _is_text(head) else "unknown bytes"


def _is_text(head: bytes) -> bool:
    return bool(head) and head.decode("utf-8", "replace").replace("\n", "").replace("\r", "").isprintable()


def _refused(field: str, problem: str) -> CampaignError:
    return CampaignError(ErrorCode.VALIDATION_ERROR, f"{field}: {problem}")
