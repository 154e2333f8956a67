"""A file that is about to be stored.

Belongs here: opening it, reading it in pieces, and what is said when it cannot be read.
Does not belong here: where its bytes go (local_store).
"""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from campaign_pipeline.errors import CampaignError, ErrorCode

_CHUNK_BYTES = 1 << 20


@contextmanager
def opened_source(path: Path) -> Iterator[BinaryIO]:
    """Open a file to be stored.

    Raises:
        CampaignError: MISSING_ASSET when it cannot be read; a folder or a pipe is no file.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise CampaignError(ErrorCode.MISSING_ASSET, f"{path}: no regular file found; a file is expected")
        source = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error
    with source:
        yield source


def chunks_of(source: BinaryIO, path: Path) -> Iterator[bytes]:
    """Read an opened file to its end, a megabyte at a time.

    Raises:
        CampaignError: MISSING_ASSET when it can be read no further.
    """
    try:
        while chunk := source.read(_CHUNK_BYTES):
            yield chunk
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> CampaignError:
    message = f"{path}: {error.strerror or error}; a file that can be read is expected"
    return CampaignError(ErrorCode.MISSING_ASSET, message)
