"""OpenAI's /v1/audio/speech as a model of music would answer it, and the things that come back instead.

Belongs here: plain music with a beat, made of the words that were sent, as WAV or MP3.
Does not belong here: the server itself (http_server), what the pipeline makes of an answer (the tests say that).
"""

import hashlib
import io
import re
from collections.abc import Mapping
from functools import cache

import numpy as np
import soundfile
from numpy.typing import NDArray

from campaign_pipeline_tests.servers.http_server import Answer, Exchange, reply, reply_json

PATH = "/v1/audio/speech"
MEDIA_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg"}
HTML_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in</body></html>"

_SCALE = (0, 3, 5, 7, 10)
_SHAPE = {"model", "input", "voice"}


def speech(
    *,
    key: str | None = None,
    audio_format: str = "mp3",
    duration_s: float = 20.0,
    sample_rate: int = 48000,
    channels: int = 2,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Answer with music, as the vendors do: at a length and a rate of the model's own.

    Args:
        key: The only one that is taken; None takes any, and none.
    """

    def answer(exchange: Exchange) -> None:
        request = exchange.request
        if request.path != PATH or request.method != "POST":
            reply_json(_error("Not Found"), status=404)(exchange)
        elif key is not None and request.headers.get("authorization") != f"Bearer {key}":
            reply_json(_error("Authentication Error, no such key"), status=401)(exchange)
        elif missing := _SHAPE - set(request.json()):
            reply_json(_error(f"missing: {sorted(missing)}"), status=400)(exchange)
        else:
            played = _file(request.json()["input"], audio_format, duration_s, sample_rate, channels)
            reply(played, media_type=MEDIA_TYPES[audio_format], headers=headers)(exchange)

    return answer


def music(words: str, *, duration_s: float, sample_rate: int, channels: int = 2) -> NDArray[np.float64]:
    """Play a bass and a melody over a beat; other words, other notes.

    Returns:
        Shape (channels, frames).
    """
    told = re.search(r"exactly ([\d.]+) beats", words)
    beat_s = 60 / float(told[1] if told else 120)
    dice = np.random.default_rng(int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "little"))
    played = np.zeros((channels, round(duration_s * sample_rate)))
    for beat in range(int(duration_s / beat_s)):
        note = _note(dice, beat=beat, length_s=beat_s, sample_rate=sample_rate)
        at = round(beat * beat_s * sample_rate)
        into = played[:, at : at + len(note)]
        into += note[: into.shape[1]] * np.linspace(1, 0.8, channels)[:, None]
    return played


def _note(dice: np.random.Generator, *, beat: int, length_s: float, sample_rate: int) -> NDArray[np.float64]:
    t = np.arange(round(length_s * sample_rate)) / sample_rate
    bass_hz = 110 * 2 ** (_SCALE[(beat // 8) % len(_SCALE)] / 12)
    tune_hz = 440 * 2 ** (dice.choice(_SCALE) / 12)
    # The first beat of a bar is the loudest.
    kick = np.sin(2 * np.pi * 60 * t) * np.exp(-25 * t) * (0.8 if beat % 4 == 0 else 0.4)
    bass = np.sin(2 * np.pi * bass_hz * t) + np.sin(4 * np.pi * bass_hz * t) / 2
    tune = np.sin(2 * np.pi * tune_hz * t) + np.sin(6 * np.pi * tune_hz * t) / 3
    fade = np.minimum(1, np.minimum(t, t[::-1]) * 200)
    return np.asarray((kick + 0.2 * bass + 0.15 * tune * np.exp(-3 * t)) * fade)


@cache
def _file(words: str, audio_format: str, duration_s: float, sample_rate: int, channels: int) -> bytes:
    played = music(words, duration_s=duration_s, sample_rate=sample_rate, channels=channels)
    file = io.BytesIO()
    soundfile.write(file, played.T, sample_rate, format=audio_format.upper())
    return file.getvalue()


def _error(message: str) -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": None}}
