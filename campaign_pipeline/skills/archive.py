"""Zip files that come out the same, byte for byte, wherever and whenever they are written.

Belongs here: the one way in which files are put into a zip.
Does not belong here: which files a bundle has (skills.bundle_game_template).
"""

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime

_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
_LATEST = datetime(2107, 12, 31, 23, 59, 58, tzinfo=UTC)
"""What the format can date (APPNOTE 4.4.6, MS-DOS time)."""

_UNIX = 3
_MODE = 0o644


def archive_time(epoch: int | None) -> datetime:
    """Give the one time of an archive: the epoch within what a zip can date, 1980-01-01 without one."""
    if epoch is None:
        return _EARLIEST
    bounded = min(max(epoch, int(_EARLIEST.timestamp())), int(_LATEST.timestamp()))
    return datetime.fromtimestamp(bounded, tz=UTC)


def reproducible_zip(files: Mapping[str, bytes], *, epoch: int | None) -> bytes:
    """Write a zip of files by path: sorted, STORED, one time, mode 0644, no directory entries.

    Deflate would depend on the zlib that is installed, so nothing is compressed.
    """
    buffer = io.BytesIO()
    when = archive_time(epoch)
    date_time = (when.year, when.month, when.day, when.hour, when.minute, when.second)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, date_time)
            entry.create_system = _UNIX
            entry.external_attr = (0o100000 | _MODE) << 16
            archive.writestr(entry, files[path])
    return buffer.getvalue()
