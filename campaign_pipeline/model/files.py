"""A brief's local file after its intake into the store.

Belongs here: what later steps may know of such a file.
Does not belong here: how it was found (building.brief_file) or stored (storage).
"""

import mimetypes
from pathlib import Path
from typing import Self

from pydantic import Field

from campaign_pipeline.model.digest import ContentHash
from campaign_pipeline.model.values import StrictModel

UNKNOWN_MEDIA_TYPE = "application/octet-stream"


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
        media_type, _ = mimetypes.MimeTypes().guess_type(path.name)
        return cls(
            content_hash=content_hash,
            size_bytes=size_bytes,
            media_type=media_type or UNKNOWN_MEDIA_TYPE,
            filename=path.name,
        )
