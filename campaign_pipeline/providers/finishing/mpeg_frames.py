"""Frames of MPEG audio, layer III.

Belongs here: cutting a stream into frames, and reading the few fields of a frame that splicing needs.
Does not belong here: joining streams (splice), the frame that describes the file (info_tag), sound.

Source:
    ISO 11172-3, 2.4.1.3 (header), 2.4.1.7 (side information); ISO 13818-3, 2.4.1.7 for the lower sample rates.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

MPEG1_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MPEG2_KBPS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG1_HZ = (44100, 48000, 32000)
_MPEG2_HZ = (22050, 24000, 16000)

_HEADER_BYTES = 4
_CHECK_BYTES = 2
_SYNC = 0xFFF
_LAYER_III = 1
_MONO = 3
_FREE_KBPS, _NO_KBPS, _NO_HZ = 0, 15, 3
_PART_LENGTHS_BITS = 12 + 9 + 8
"""part2_3_length, big_values and global_gain, the fields before scalefac_compress."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where things lie in a frame, as its header tells.

    Args:
        side: Byte at which the side information begins.
        main: Byte at which the area for main data begins.
    """

    mpeg1: bool
    channels: int
    kbps: int
    size: int
    side: int
    main: int


def frames_of(data: bytes) -> list[bytes]:
    """Cut a stream into frames.

    Raises:
        ValueError: The data is not frames of layer III from the first byte to the last.
    """
    frames = []
    start = 0
    while start < len(data):
        size = layout_of(data[start : start + _HEADER_BYTES]).size
        frames.append(data[start : start + size])
        start += size
    if start != len(data):
        raise ValueError(f"the last frame ends {start - len(data)} bytes after the stream")
    return frames


def layout_of(frame: bytes) -> Layout:
    """Read a frame's header.

    Raises:
        ValueError: There is no header of layer III.
    """
    return _layout(frame[:_HEADER_BYTES])


@cache
def _layout(header: bytes) -> Layout:
    bits = int.from_bytes(header)
    kbps_index, hz_index = bits >> 12 & 15, bits >> 10 & 3
    if len(header) < _HEADER_BYTES or bits >> 20 != _SYNC or bits >> 17 & 3 != _LAYER_III:
        raise ValueError(f"{header.hex()} is not the header of a layer III frame")
    if kbps_index in {_FREE_KBPS, _NO_KBPS} or hz_index == _NO_HZ:
        raise ValueError(f"{header.hex()} has no bit rate or no sample rate")
    mpeg1, mono = bool(bits >> 19 & 1), bits >> 6 & 3 == _MONO
    known_kbps, known_hz = (MPEG1_KBPS, _MPEG1_HZ) if mpeg1 else (MPEG2_KBPS, _MPEG2_HZ)
    kbps, hz = known_kbps[kbps_index - 1], known_hz[hz_index]
    samples = 1152 if mpeg1 else 576
    side = _HEADER_BYTES + (0 if bits >> 16 & 1 else _CHECK_BYTES)
    return Layout(
        mpeg1=mpeg1,
        channels=1 if mono else 2,
        kbps=kbps,
        size=samples * 125 * kbps // hz + (bits >> 9 & 1),
        side=side,
        main=side + _side_bytes(mpeg1=mpeg1, mono=mono),
    )


def _side_bytes(*, mpeg1: bool, mono: bool) -> int:
    if mpeg1:
        return 17 if mono else 32
    return 9 if mono else 17


def borrowed_bytes(frame: bytes) -> int:
    """Tell how many bytes before its own area a frame's main data begins (main_data_begin)."""
    layout = layout_of(frame)
    return _field(frame, layout, at=0, bits=9 if layout.mpeg1 else 8)


def last_windows(frame: bytes) -> tuple[int, ...]:
    """Tell each channel's window in the frame's last granule: 0 for the ordinary long one.

    The window of one granule decides how the next one overlaps with it.
    """
    return tuple(_last_windows(frame))


def _last_windows(frame: bytes) -> Iterator[int]:
    layout = layout_of(frame)
    mono = layout.channels == 1
    if layout.mpeg1:
        # main_data_begin, private_bits and scfsi; then two granules.
        granule, before = 59, 9 + (5 if mono else 3) + 4 * layout.channels + 59 * layout.channels
    else:
        granule, before = 63, 8 + (1 if mono else 2)
    switch = _PART_LENGTHS_BITS + (4 if layout.mpeg1 else 9)
    for channel in range(layout.channels):
        # window_switching_flag, block_type, mixed_block_flag
        window = _field(frame, layout, at=before + channel * granule + switch, bits=4)
        yield window if window & 8 else 0


def _field(frame: bytes, layout: Layout, *, at: int, bits: int) -> int:
    side = int.from_bytes(frame[layout.side : layout.main])
    width = 8 * (layout.main - layout.side)
    return side >> (width - at - bits) & ((1 << bits) - 1)
