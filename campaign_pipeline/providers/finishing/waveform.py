"""A picture of the sound.

Belongs here: drawing peaks and loudness over time as a small PNG.
Does not belong here: where the picture is shown.
"""

import itertools
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

BARS, BAR_PX = 120, 4
WIDTH, HEIGHT = BARS * BAR_PX, 64
"""Small enough that a page which carries the picture in its text shows it at once: Dagster folds longer text away."""
_BACKGROUND, _PEAK, _LOUD, _AXIS = range(4)
_PALETTE = bytes((255, 255, 255, 165, 180, 252, 79, 70, 229, 199, 210, 254))
"""White, a light and a full indigo, and the line through the middle; readable on light and dark pages."""
_BITS = 2
_HEADROOM = 0.92


def draw_waveform(samples: NDArray[np.float64]) -> bytes:
    """Draw samples of shape (channels, frames) as bars: peaks light, loudness dark.

    Returns:
        A PNG of 480×64 pixels.
    """
    edges = np.linspace(0, samples.shape[1], BARS + 1).astype(np.int64).tolist()
    columns = [samples[:, start:end] for start, end in itertools.pairwise(edges)]
    peaks = np.array([np.abs(column).max(initial=0) for column in columns])
    loud = np.array([np.sqrt(np.mean(column**2)) for column in columns])
    scale = _HEADROOM / max(float(peaks.max()), 1e-6)
    return _png(_paint(peaks * scale, loud * scale))


def _paint(peaks: NDArray[np.float64], loud: NDArray[np.float64]) -> NDArray[np.uint8]:
    middle = (HEIGHT - 1) / 2
    away = (np.abs(np.arange(HEIGHT) - middle) / middle)[:, None]
    bars = np.full((HEIGHT, BARS), _BACKGROUND, dtype=np.uint8)
    bars[HEIGHT // 2 - 1 : HEIGHT // 2 + 1] = _AXIS
    bars[away <= peaks] = _PEAK
    bars[away <= loud] = _LOUD
    picture = np.repeat(bars, BAR_PX, axis=1)
    picture[:, BAR_PX - 1 :: BAR_PX] = _BACKGROUND
    return picture


def _png(picture: NDArray[np.uint8]) -> bytes:
    """Write a picture of palette indices; by hand, so that this step need not load an imaging library."""
    per_byte = 8 // _BITS
    shifts = np.arange(per_byte - 1, -1, -1, dtype=np.uint8) * _BITS
    packed = np.left_shift(picture.reshape(HEIGHT, -1, per_byte), shifts).sum(axis=2, dtype=np.uint8)
    rows = np.hstack((np.zeros((HEIGHT, 1), dtype=np.uint8), packed))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, _BITS, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", _PALETTE),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
