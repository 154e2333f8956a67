"""The frame that describes an MP3 file: how many frames it has, and what a decoder must cut off at its ends.

Belongs here: recognising that frame, and writing it anew for other frames.
Does not belong here: the frames that sound (mpeg_frames, splice).

Source:
    "MP3 Info Tag rev 1 specifications" (G. Bouvigne) for the layout; LAME 3.100 for its table of contents. For the
    frames of an untouched file the same bytes come out, which a test holds.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.finishing.mpeg_frames import layout_of

_NAMES = (b"Info", b"Xing")
_FRAME_COUNT, _BYTE_COUNT, _CONTENTS = 8, 12, 16
_CONTENTS_ENTRIES = 100
_LOWPASS = 130
_KBPS, _MOST_KBPS = 140, 255
_DELAY, _PADDING = 141, 142
"""Twelve bits of delay, then twelve bits of padding."""
_PRESET = 146
"""Of a constant bit rate, the bit rate once more."""
_MUSIC_BYTES, _MUSIC_CHECK, _TAG_CHECK = 148, 152, 154
_TAG_BYTES = 156

_SEEK_POINTS = 400
"""LAME remembers so many places of a file at most, then drops every other one."""

_CHECK_POLYNOMIAL = 0xA001
_CHECK_COLUMNS = 512


def is_info(frame: bytes) -> bool:
    """Tell whether a frame is the description of a file; LAME leaves it out where its frames are too small."""
    at = layout_of(frame).main
    return frame[at : at + 4] in _NAMES and len(frame) >= at + _TAG_BYTES


def delay_of(info: bytes) -> int:
    """Tell how many sample frames before the music the encoder put there."""
    at = layout_of(info).main + _DELAY
    return int.from_bytes(info[at : at + 2]) >> 4


def padding_of(info: bytes) -> int:
    """Tell how many sample frames at the end are none of the music."""
    at = layout_of(info).main + _PADDING
    return int.from_bytes(info[at : at + 2]) & 0xFFF


def describe(frames: Sequence[bytes], *, info: bytes, padding: int) -> bytes:
    """Write the description of a file of constant bit rate.

    Args:
        frames: Those that sound.
        info: A description of such a file by the same encoder; what is not counted is taken from it. It may be of a
            higher bit rate, so that it is large enough: then nothing is said of the lowpass, for it is another one.
        padding: Sample frames at the end that are none of the music.
    """
    tag = bytearray(info)
    at = layout_of(info).main
    music = b"".join(frames)
    size = (len(info) + len(music)).to_bytes(4)

    def put(place: int, value: bytes) -> None:
        tag[at + place : at + place + len(value)] = value

    kbps = layout_of(frames[0]).kbps
    if kbps != layout_of(info).kbps:
        put(_LOWPASS, b"\0")
    put(_KBPS, bytes([min(kbps, _MOST_KBPS)]))
    put(_PRESET, kbps.to_bytes(2))
    put(_FRAME_COUNT, len(frames).to_bytes(4))
    put(_BYTE_COUNT, size)
    put(_CONTENTS, _contents(len(frames)))
    put(_PADDING, bytes((tag[at + _PADDING] & 0xF0 | padding >> 8, padding & 0xFF)))
    put(_MUSIC_BYTES, size)
    put(_MUSIC_CHECK, check(music).to_bytes(2))
    put(_TAG_CHECK, check(bytes(tag[: at + _TAG_CHECK])).to_bytes(2))
    return bytes(tag)


def _contents(frames: int) -> bytes:
    """Say for each hundredth of the time how many 256ths of the bytes lie before it."""
    step = 1
    while frames // step >= _SEEK_POINTS:
        step *= 2
    points = frames // step
    entries = [0]
    for entry in range(1, _CONTENTS_ENTRIES):
        point = min(int(np.float32(entry) / np.float32(_CONTENTS_ENTRIES) * np.float32(points)), points - 1)
        entries.append(min(255, 256 * step * (point + 1) // frames))
    return bytes(entries)


def check(data: bytes) -> int:
    """Compute the checksum that the tag uses (CRC-16 of polynomial x¹⁶ + x¹⁵ + x² + 1, from zero, reflected).

    Rows of bytes are computed side by side: byte after byte, five minutes of music would take Python half a second.
    """
    rows = -(-len(data) // _CHECK_COLUMNS)
    # Zeros in front change nothing, as the sum begins at zero.
    padded = np.frombuffer(data.rjust(rows * _CHECK_COLUMNS, b"\0"), dtype=np.uint8)
    table = _check_table()
    sums = np.zeros(rows, dtype=np.uint16)
    for column in np.ascontiguousarray(padded.reshape(rows, _CHECK_COLUMNS).T):
        sums = table[(sums ^ column) & 0xFF] ^ (sums >> 8)
    low, high = _past_a_row()
    whole = 0
    for row in sums.tolist():
        whole = low[whole & 0xFF] ^ high[whole >> 8] ^ row
    return whole


@cache
def _check_table() -> NDArray[np.uint16]:
    table: NDArray[np.uint16] = np.arange(256, dtype=np.uint16)
    for _ in range(8):
        table = (table >> 1 ^ (table & 1) * _CHECK_POLYNOMIAL).astype(np.uint16)
    return table


@cache
def _past_a_row() -> tuple[list[int], list[int]]:
    """Tell what becomes of each low and each high byte of a sum over a row of zeros."""
    table = _check_table()
    sums = np.concatenate((np.arange(256, dtype=np.uint16), np.arange(256, dtype=np.uint16) << 8))
    for _ in range(_CHECK_COLUMNS):
        sums = table[sums & 0xFF] ^ (sums >> 8)
    return sums[:256].tolist(), sums[256:].tolist()
