"""Music as a file, at the level that it is to be heard at.

Belongs here: mastering and encoding, and doing both again where the encoder missed the level.
Does not belong here: mastering, encoding and measuring themselves; the verdict (verification).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.finishing.encoding import EncodedAudio, Encoding, encode
from campaign_pipeline.providers.finishing.mastering import FULL_SCALE, as_integers, master
from campaign_pipeline.providers.finishing.measures import Measures, measure
from campaign_pipeline.providers.finishing.playback import play_into
from campaign_pipeline.providers.finishing.verification import HIGHEST_TRUE_PEAK_DBTP, TARGET_LUFS

Samples = NDArray[np.float64]

_WAV_CEILING_DBTP = -1.6
_MP3_CEILING_DBTP = -3.0
"""What MP3 leaves out moves the peaks of what it keeps, of music by up to 1.4 dB at 96 kbit/s."""
_MOST_TAKES = 4
_MISSED_LU, _MOST_MISSED_LU = 0.25, 1.0
"""By how much low bit rates take loudness along with the treble. Of sound that loses more, too little is left."""
_MARGIN_DB = 0.5


@dataclass(frozen=True, kw_only=True)
class Take:
    """A file, what is heard of it, and what that measures."""

    encoded: EncodedAudio
    heard: Samples
    measures: Measures


@dataclass(frozen=True, kw_only=True)
class _Aim:
    """What mastering aims at, so that what is decoded is right."""

    target_lufs: float
    ceiling_dbtp: float

    def after(self, measures: Measures) -> "_Aim":
        """Aim again, the other way by as much as was missed."""
        over = measures.true_peak_dbtp - HIGHEST_TRUE_PEAK_DBTP
        missed = measures.loudness_lufs - TARGET_LUFS
        return replace(
            self,
            ceiling_dbtp=self.ceiling_dbtp - (over + _MARGIN_DB if over > 0 else 0),
            target_lufs=self.target_lufs - (missed if _MISSED_LU < abs(missed) < _MOST_MISSED_LU else 0),
        )


def take(samples: Samples, *, request: AudioRequest) -> Take:
    """Master, encode and measure music; again, and otherwise, where what is decoded is too loud, too low or too high.

    Args:
        samples: Of the asked shape; they are used up, what is heard takes their place.

    Raises:
        CampaignError: GENERATION_FAILED, there is nothing to be heard.
    """
    if request.format == "wav":
        aim = _Aim(target_lufs=TARGET_LUFS, ceiling_dbtp=_WAV_CEILING_DBTP)
        return _take(samples, aim=aim, request=request)
    aim = _Aim(target_lufs=TARGET_LUFS, ceiling_dbtp=_MP3_CEILING_DBTP)
    for _ in range(_MOST_TAKES - 1):
        _master(samples, aim=aim, request=request)
        kept = as_integers(samples)
        taken = _encoded(samples, request=request)
        again = aim.after(taken.measures)
        if again == aim:
            return taken
        aim = again
        np.divide(kept, FULL_SCALE, out=samples)
    return _take(samples, aim=aim, request=request)


def _take(samples: Samples, *, aim: _Aim, request: AudioRequest) -> Take:
    _master(samples, aim=aim, request=request)
    return _encoded(samples, request=request)


def _master(samples: Samples, *, aim: _Aim, request: AudioRequest) -> None:
    master(
        samples,
        sample_rate=request.sample_rate,
        loop=request.loopable,
        ceiling_dbtp=aim.ceiling_dbtp,
        target_lufs=aim.target_lufs,
    )


def _encoded(samples: Samples, *, request: AudioRequest) -> Take:
    encoding = Encoding(
        audio_format=request.format,
        sample_rate=request.sample_rate,
        channels=len(samples),
        bitrate_kbps=request.bitrate_kbps,
        loop=request.loopable,
    )
    data = encode(samples, encoding=encoding)
    played = play_into(samples, data, encoding=encoding)
    return Take(
        encoded=EncodedAudio(
            data=data,
            first_frame=played.before,
            frames=played.samples.shape[1],
            sample_rate=played.sample_rate,
        ),
        heard=played.samples,
        measures=measure(played, loop=request.loopable),
    )
