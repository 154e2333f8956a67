"""MP3 files of constant bit rate, each encoded in several segments side by side.

Belongs here: where a file is cut into segments, encoding them with LAME, and what LAME does to the level.
Does not belong here: how the segments become one file (splice, info_tag), what is encoded (encoding).

How many segments there are depends on the length alone, so the bytes are the same on every machine.
"""

import io
import itertools
from dataclasses import dataclass, replace

import numpy as np
import soundfile
from numpy.typing import NDArray

from campaign_pipeline.providers.finishing.info_tag import delay_of, describe, is_info
from campaign_pipeline.providers.finishing.mpeg_frames import MPEG1_KBPS, MPEG2_KBPS, frames_of
from campaign_pipeline.providers.finishing.splice import splice
from campaign_pipeline.providers.parallel import aside, in_order

Samples = NDArray[np.float64]

_MPEG1_RATES_HZ = 32000
_PAIR_S = 40
"""Of sound to two segments: enough of them that every core has work to the end, few enough to overlap little."""
_PLACES = range(4, 28)
"""MP3 frames from a segment's beginning at which it may take over. LAME looks back for its masking, so the last one
possible is taken; and it saves up bits, so before the fourth it sounds worse, and after the eighth it may hold more
main data than finds room, until some sixty frames later both encoders write the same."""
_AHEAD = 4
"""MP3 frames that LAME must have heard beyond the one it writes."""
_CYCLE = 49
"""Segments begin at multiples of it: at 44.1 kHz frames are padded to the bit rate in a pattern of this length."""
_STRETCH = 1 << 16
_PROBE_S, _PROBE_HZ, _PROBE_LEVEL = 0.25, 1000, 0.25


@dataclass(frozen=True, kw_only=True)
class Mp3Settings:
    """What an encoder is told; the bit rate is the nearest that MP3 knows."""

    sample_rate: int
    channels: int
    bitrate_kbps: int

    @property
    def frame(self) -> int:
        """How many sample frames an MP3 frame holds."""
        return 1152 if self.sample_rate >= _MPEG1_RATES_HZ else 576


@dataclass(frozen=True, kw_only=True)
class _Segment:
    """A part of a sound that an encoder of its own encodes; in MP3 frames, the end is open in the last one.

    Args:
        start: Where the encoder begins.
        places: Where it may take over from the segment before.
    """

    start: int
    end: int | None
    places: range


def encode_mp3(samples: Samples, *, lead: int, tail: int, settings: Mp3Settings) -> bytes:
    """Encode samples of shape (channels, frames) at the level they have.

    Args:
        lead: Frames of the end that are encoded before the beginning.
        tail: Frames of the beginning that are encoded after the end.
    """
    level = 1 / aside(lambda: _coder_gain(settings))

    def encoded(segment: _Segment) -> bytes:
        start = segment.start * settings.frame - lead
        end = frames + tail if segment.end is None else segment.end * settings.frame - lead
        return _lame(samples, start, end, level=level, settings=settings)

    frames = samples.shape[1]
    segments = _segments(lead + frames + tail, settings=settings)
    joined = _joined([_sounding(stream) for stream in in_order(encoded, segments)], segments)
    if joined is None:
        # Sound whose every frame switches windows, to be encoded in one piece.
        joined = _sounding(aside(lambda: encoded(_Segment(start=0, end=None, places=range(0)))))
    info = aside(lambda: _description(settings))
    padding = len(joined) * settings.frame - delay_of(info) - (lead + frames + tail)
    return b"".join((describe(joined, info=info, padding=padding), *joined))


def _description(settings: Mp3Settings) -> bytes:
    """Have LAME describe a file: it says which frames are music, without which no decoder finds the first of them.

    LAME leaves the description out where a frame is too small for it. No decoder minds that it is of a higher bit
    rate than the music, so it is of the lowest that has room for it.
    """
    known = _known_kbps(settings.sample_rate)
    nearest = nearest_bitrate(settings.bitrate_kbps, sample_rate=settings.sample_rate)
    silence = np.zeros((settings.channels, settings.frame))
    begun = (
        _lame(silence, 0, settings.frame, level=1.0, settings=replace(settings, bitrate_kbps=kbps))
        for kbps in known[known.index(nearest) :]
    )
    return next(filter(is_info, (frames_of(stream)[0] for stream in begun)))


def _segments(frames: int, *, settings: Mp3Settings) -> list[_Segment]:
    """Cut a sound into segments of about equal length, which overlap where they may be joined."""
    count = 2 * max(1, round(frames / settings.sample_rate / _PAIR_S))
    starts = [_cycled(frames * part // (count * settings.frame)) for part in range(count)]
    places = [range(start + _PLACES.start, start + _PLACES.stop) for start in starts]
    ends = [span.stop + _AHEAD for span in places[1:]]
    return [
        _Segment(start=start, end=end, places=span)
        for start, end, span in itertools.zip_longest(starts, ends, places)
    ]


def _cycled(frame: int) -> int:
    return round(frame / _CYCLE) * _CYCLE


def _sounding(stream: bytes) -> list[bytes]:
    """Cut a stream into the frames that sound."""
    first, *frames = frames_of(stream)
    return frames if is_info(first) else [first, *frames]


def _joined(streams: list[list[bytes]], segments: list[_Segment]) -> list[bytes] | None:
    joined = streams[0]
    for stream, segment in zip(streams[1:], segments[1:], strict=True):
        spliced = splice(joined, stream, offset=segment.start, places=segment.places)
        if spliced is None:
            return None
        joined = spliced
    return joined


def _lame(samples: Samples, start: int, end: int, *, level: float, settings: Mp3Settings) -> bytes:
    data = io.BytesIO()
    with soundfile.SoundFile(
        data,
        "w",
        settings.sample_rate,
        settings.channels,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=_compression(settings.bitrate_kbps, sample_rate=settings.sample_rate),
    ) as file:
        for place in range(start, end, _STRETCH):
            stretch = _around(samples, place, min(place + _STRETCH, end))
            # Never as 16-bit integers: libsndfile 1.2.2 garbles 16-bit stereo on its way to MP3.
            file.write(stretch.T * level)
    return data.getvalue()


def _around(samples: Samples, start: int, end: int) -> Samples:
    """Cut from a loop, which goes on beyond its ends."""
    if start >= 0 and end <= samples.shape[1]:
        return samples[:, start:end]
    # take() would first copy all of a long piece that is a part of an array.
    return samples[:, np.arange(start, end) % samples.shape[1]]


def _coder_gain(settings: Mp3Settings) -> float:
    """Measure by a short tone how the coder changes the level: LAME turns down by up to half a decibel."""
    time = np.arange(round(_PROBE_S * settings.sample_rate)) / settings.sample_rate
    tone = np.tile(_PROBE_LEVEL * np.sin(2 * np.pi * _PROBE_HZ * time), (settings.channels, 1))
    data = _lame(tone, 0, len(time), level=1.0, settings=settings)
    heard, _ = soundfile.read(io.BytesIO(data), dtype="float64", always_2d=True)
    middle = slice(len(time) // 4, 3 * len(time) // 4)
    return float(np.sqrt(np.mean(heard[middle] ** 2) / np.mean(tone[:, middle] ** 2)))


def nearest_bitrate(bitrate_kbps: int, *, sample_rate: int) -> int:
    """Find the bit rate that MP3 knows at a sample rate nearest to the asked one."""
    return min(_known_kbps(sample_rate), key=lambda kbps: (abs(kbps - bitrate_kbps), kbps))


def _known_kbps(sample_rate: int) -> tuple[int, ...]:
    return MPEG1_KBPS if sample_rate >= _MPEG1_RATES_HZ else MPEG2_KBPS


def _compression(bitrate_kbps: int, *, sample_rate: int) -> float:
    """Invert libsndfile's straight line from compression 0 to 1 to bit rates from the highest to the lowest."""
    highest, lowest = (320, 32) if sample_rate >= _MPEG1_RATES_HZ else (160, 8)
    kbps = nearest_bitrate(bitrate_kbps, sample_rate=sample_rate)
    # A hair above the bit rate, because libsndfile cuts off the fraction.
    return max(0.0, (highest - kbps - 0.25) / (highest - lowest))
