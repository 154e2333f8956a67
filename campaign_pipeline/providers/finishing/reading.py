"""Sound files that are read in stretches.

Belongs here: reading on where the last stretch ended.
Does not belong here: what is read (decoding, playback).
"""

import soundfile


class SteadyFile(soundfile.SoundFile):  # type: ignore[misc] # soundfile has no types
    """A file that does not seek of its own accord, opened for reading.

    soundfile seeks to where it already is after each read. A decoder of MP3 throws away what it had decoded then,
    decodes the frames before once more, and complains on stderr of those whose bytes began too early.
    """

    def seekable(self) -> bool:
        """Say that it cannot seek, so that soundfile leaves it where it is."""
        return False
