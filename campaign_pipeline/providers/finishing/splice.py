"""One MP3 stream out of several that were encoded side by side.

Belongs here: finding the frame at which a stream can go on as another one, and joining the frames there.
Does not belong here: encoding (mp3), what is in a frame (mpeg_frames).

A frame's main data may begin in the frames before it, and its sound overlaps with that of the frame before it.
So the second stream takes over at a frame where both hold: the main data that it brings along from before that frame
fits into what the first stream leaves there, and both streams had the same windows in the frame before. Nothing is
decoded or encoded again.
"""

from collections.abc import Sequence

from campaign_pipeline.providers.finishing.mpeg_frames import borrowed_bytes, last_windows, layout_of


def splice(
    first: Sequence[bytes], second: Sequence[bytes], *, offset: int, places: range
) -> list[bytes] | None:
    """Go on as another stream of the same sound.

    Args:
        offset: The frame of the first stream that has the sound of the second stream's frame 0.
        places: Frames of the first stream at which the second one may take over; the last that can be is taken,
            for there the second encoder has heard most.

    Returns:
        The frames of both; None where the second stream can take over at none of the places.
    """
    for place in reversed(places):
        if _fits(first, second, place=place, offset=offset):
            brought = borrowed_bytes(second[place - offset])
            held = _main_data_before(second, place - offset, size=brought)
            return [*_with_main_data(first[:place], held), *second[place - offset :]]
    return None


def _fits(first: Sequence[bytes], second: Sequence[bytes], *, place: int, offset: int) -> bool:
    ours, theirs = place, place - offset
    return borrowed_bytes(first[ours]) >= borrowed_bytes(second[theirs]) and last_windows(
        first[ours - 1]
    ) == last_windows(second[theirs - 1])


def _main_data_before(frames: Sequence[bytes], place: int, *, size: int) -> bytes:
    """Give the last bytes of the areas for main data before a frame, headers and side information left out."""
    held = b""
    while len(held) < size:
        place -= 1
        held = frames[place][layout_of(frames[place]).main :] + held
    return held[len(held) - size :]


def _with_main_data(frames: Sequence[bytes], held: bytes) -> list[bytes]:
    """Write bytes over the end of the areas for main data."""
    written = list(frames)
    place = len(written)
    while held:
        place -= 1
        frame = written[place]
        room = min(len(held), len(frame) - layout_of(frame).main)
        written[place] = frame[: len(frame) - room] + held[len(held) - room :]
        held = held[: len(held) - room]
    return written
