"""Sounds as providers may send them, made without the synth provider: a band that keeps time, and a voice.

Belongs here: making them, and putting them into files.
Does not belong here: what becomes of them (the tests say that).
"""

import io

import numpy as np
import scipy.signal
import soundfile

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.audio import AudioModel, GeneratedAudio
from campaign_pipeline.providers.finishing.decoding import decode, enough_s
from campaign_pipeline_tests.providers.listening import Samples

_CHORDS = ((110.0, 138.6, 164.8), (92.5, 110.0, 138.6), (73.4, 92.5, 110.0), (82.4, 103.8, 123.5))


def band(*, bpm: float, seconds: float, rate: int = 44100, channels: int = 2) -> Samples:
    """Play drums, bass and chords that change every bar, in equal time and forever new."""
    draw = np.random.default_rng(11)
    frames, beat = round(seconds * rate), 60 / bpm
    played = np.zeros((2, frames))
    time = np.arange(round(beat * rate)) / rate
    drum = np.sin(2 * np.pi * (50 * time + 8 * (1 - np.exp(-30 * time)))) * np.exp(-9 * time)
    hat = scipy.signal.lfilter([1, -1], [1], draw.standard_normal(len(time))) * np.exp(-60 * time)
    for count in range(int(seconds / beat) + 1):
        start = round(count * beat * rate)
        room = min(len(time), frames - start)
        chord = _CHORDS[count // 4 % len(_CHORDS)]
        tones = [np.sin(2 * np.pi * 2 * hz * time + draw.uniform(0, 6)) * np.exp(-3 * time) for hz in chord]
        bass = np.sin(2 * np.pi * chord[0] * time) * np.exp(-2 * time)
        middle = 0.5 * drum + 0.3 * bass
        played[0, start : start + room] += (middle + 0.15 * tones[0] + 0.1 * tones[1] + 0.05 * hat)[:room]
        played[1, start : start + room] += (middle + 0.15 * tones[2] + 0.1 * tones[1] + 0.05 * hat)[:room]
    return played[:channels] / 2


def speech(*, seconds: float, rate: int = 24000, seed: int = 0) -> Samples:
    """Speak in vowels and hisses with pauses: one channel."""
    draw = np.random.default_rng(seed)
    spoken = np.zeros(round(seconds * rate))
    at = 0
    while at < len(spoken) - rate // 2:
        length = round(draw.uniform(0.12, 0.35) * rate)
        pitch = draw.uniform(90, 140) * (1 + 0.1 * np.sin(np.arange(length) / rate * 5))
        voice = np.diff(np.floor(np.cumsum(pitch / rate)), prepend=0.0)
        for formant_hz in draw.choice([[700, 1200, 2500], [300, 2300, 3000], [400, 900, 2400]]):
            ring = np.exp(-np.pi * 100 / rate)
            poles = [1, -2 * ring * np.cos(2 * np.pi * formant_hz / rate), ring * ring]
            voice = scipy.signal.lfilter([1 - ring], poles, voice)
        spoken[at : at + length] += voice / np.abs(voice).max() * np.hanning(length) * draw.uniform(0.5, 1)
        hiss = round(0.08 * rate)
        spoken[at + length : at + length + hiss] += 0.1 * draw.standard_normal(hiss) * np.hanning(hiss)
        at += length + round(draw.choice([0.05, 0.1, 0.6]) * rate)
    return 0.5 * spoken[None, :]


def file_of(samples: Samples, *, rate: int, kind: str = "WAV", subtype: str = "PCM_16") -> bytes:
    """Put sound into a file as a provider would."""
    data = io.BytesIO()
    soundfile.write(data, np.clip(samples, -1, 1).T, rate, format=kind, subtype=subtype)
    return data.getvalue()


class SentAudioModel(AudioModel):
    """Sends one and the same file, whatever is asked."""

    provider_id = "sent"
    model = None
    version = "1.0.0"

    def __init__(self, data: bytes) -> None:
        self.data = data

    def generate(self, request: AudioRequest) -> GeneratedAudio:
        """Decode the file; nothing is known of its tempo."""
        sound = decode(self.data, source="audio of sent", most_s=enough_s(request.duration_sec))
        return GeneratedAudio(
            samples=sound.samples, sample_rate=sound.sample_rate, bpm=None, bars=None, loop=False
        )
