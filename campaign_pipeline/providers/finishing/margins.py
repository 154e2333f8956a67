"""How much of a loop is written around it.

Belongs here: the frames of the loop's end before it and of its beginning after it, and which files have them.
Does not belong here: writing them (encoding), choosing the joint among them (joint), verifying them (verification).
"""

from campaign_pipeline.model.audio import AudioFormat

_LEAD_S = 0.1
"""The most that the contract allows, and longer than the memory of any decoder of MP3."""
_REACH_S = 0.03
"""How long before its first beat a loop may be joined: too short to be heard as waiting."""


def has_margins(audio_format: AudioFormat, *, loop: bool) -> bool:
    """Tell whether a file carries more than the piece: what a decoder of MP3 does to the ends is no part of a loop."""
    return loop and audio_format == "mp3"


def lead(sample_rate: int) -> int:
    """Say how many frames of the loop's end come before its first beat."""
    return round(_LEAD_S * sample_rate)


def reach(sample_rate: int) -> int:
    """Say how many frames before its first beat a loop may be joined."""
    return round(_REACH_S * sample_rate)


def tail(sample_rate: int) -> int:
    """Say how many frames of the loop's beginning come after its last beat.

    Where the loop is joined before its first beat it ends as much earlier, and no more than a lead is left over.
    """
    return lead(sample_rate) - reach(sample_rate)
