"""What a WAV says of its own length.

Belongs here: the sizes in its head, and making good those that their writer did not know.
Does not belong here: the sound (decoding).

A writer that streams cannot go back to its head: it leaves there the nothing that it began with, or the most that there
is room for.
"""

from collections.abc import Iterator

MAGICS = (b"RIFF", b"RIFX", b"RF64")
_SIZE, _CHUNKS, _CHUNK_HEAD = 4, 12, 8
_UNKNOWN = b"\xff\xff\xff\xff"
_STREAMED_BYTES = 0x7FFF0000
"""From this size on a WAV only says that its writer did not know its end."""


def claimed_bytes(data: bytes) -> int:
    """Say how many bytes a WAV claims to have behind its first eight; 0 where nothing is claimed."""
    if data.startswith(b"RF64"):
        # The true size is 64 bits long, in a chunk of its own that comes first.
        wide = data[_CHUNKS : _CHUNKS + 4] == b"ds64"
        claimed = _number(data, _CHUNKS + _CHUNK_HEAD, size=8) if wide else 0
        return claimed if claimed < 1 << 63 else 0
    claimed = _number(data, _SIZE) if data.startswith(MAGICS) else 0
    return claimed if claimed < _STREAMED_BYTES else 0


def with_open_end(data: bytes) -> bytes:
    """Let a WAV whose head knows of no samples say that it goes on to its end, where it does go on."""
    place = next((place for name, place in _chunks(data) if name == b"data"), None)
    if place is None or _number(data, place + 4) or data.startswith(b"RF64"):
        return data
    claimed, start = claimed_bytes(data), place + _CHUNK_HEAD
    if len(data) <= start or claimed + _CHUNK_HEAD > start:
        return data
    return data[:_SIZE] + _UNKNOWN + data[_CHUNK_HEAD : place + 4] + _UNKNOWN + data[start:]


def _chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Give the name and the place of each chunk, up to that of the samples."""
    place = _CHUNKS
    while place + _CHUNK_HEAD <= len(data):
        name = data[place : place + 4]
        yield name, place
        if name == b"data":
            return
        size = _number(data, place + 4)
        place += _CHUNK_HEAD + size + size % 2


def _number(data: bytes, place: int, *, size: int = 4) -> int:
    return int.from_bytes(data[place : place + size], "big" if data.startswith(b"RIFX") else "little")
