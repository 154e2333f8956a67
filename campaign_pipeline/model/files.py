"""A brief's local file after its intake into the store.

Belongs here: what later steps may know of such a file.
Does not belong here: how it was found (building.brief_file) or stored (storage).
"""

from pathlib import Path
from typing import Self

from pydantic import Field

from campaign_pipeline.model.digest import ContentHash
from campaign_pipeline.model.values import StrictModel

UNKNOWN_MEDIA_TYPE = "application/octet-stream"

# A table of our own: what the standard library knows depends on the machine's /etc/mime.types.
_MEDIA_TYPES = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".m4a": "audio/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
}


class StoredFile(StrictModel):
    """A file of the brief, known from now on by its content hash.

    Name and media type are what its path said: they are shown to people and never take part in an input hash.
    """

    content_hash: ContentHash
    size_bytes: int = Field(ge=0)
    media_type: str
    filename: str

    @classmethod
    def of(cls, path: Path, *, content_hash: ContentHash, size_bytes: int) -> Self:
        """Describe a file that was stored."""
        return cls(
            content_hash=content_hash,
            size_bytes=size_bytes,
            media_type=_MEDIA_TYPES.get(path.suffix.lower(), UNKNOWN_MEDIA_TYPE),
            filename=path.name,
        )
