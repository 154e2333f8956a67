"""From a score to samples.

Belongs here: laying sounds into blocks, wrapping what rings past the end of a loop, ducking, room, width, ending.
Does not belong here: the sounds themselves (events, room), the mix (faders) and its colour (balance).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.parallel import in_order
from campaign_pipeline.providers.synth.balance import balance
from campaign_pipeline.providers.synth.ducking import dip
from campaign_pipeline.providers.synth.events import Event, Players
from campaign_pipeline.providers.synth.room import Room
from campaign_pipeline.providers.synth.score import Bus, Score
from campaign_pipeline.providers.synth.taming import tame
from campaign_pipeline.providers.tempo import BEATS_PER_BAR

Samples = NDArray[np.float64]

_BLOCK = 24576
"""Frames mixed at a time: small enough for a processor's cache, large enough for fast convolution."""
_MIX_ORDER: tuple[Bus, ...] = ("kick", "drums", "cymbals", "bass", "chords", "arp", "lead")
_DUCKED = frozenset({"bass", "chords", "arp"})
_SENDS = {"kick": 0.0, "drums": 0.25, "cymbals": 0.15, "bass": 0.0, "chords": 0.8, "arp": 1.0, "lead": 1.0}
_CORRELATION = 0.62
"""How alike left and right are made: wide on headphones, whole on a phone's one speaker."""
_FADE_S = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """The part of an event that falls into one block."""

    event: Event
    skip: int
    place: int
    frames: int


def play(score: Score, *, frames: int, sample_rate: int, channels: int) -> Samples:
    """Play a score.

    Args:
        frames: The exact length; a loop's sounds ring on from its end into its beginning.

    Returns:
        Samples of shape (channels, frames).
    """
    stage = _Stage(score, frames=frames, sample_rate=sample_rate)
    mix = stage.mix()
    if not score.loop:
        _fade_out(mix, score, sample_rate=sample_rate)
    if channels == 1:
        mix = mix.mean(axis=0, keepdims=True)
    balance(mix, sample_rate=sample_rate, loop=score.loop)
    if channels > 1:
        _set_width(mix)
    tame(mix)
    return mix


class _Stage:
    def __init__(self, score: Score, *, frames: int, sample_rate: int) -> None:
        self._score, self._frames, self._rate = score, frames, sample_rate
        self._frames_per_beat = score.tempo.beat_s * sample_rate
        self._room = Room(
            block=_BLOCK, time_s=score.genre.room_s, sample_rate=sample_rate, seed=score.noise_seed ^ 1
        )

    def mix(self) -> Samples:
        """Mix the whole piece: its blocks side by side, laid into it one after the other."""
        pieces = self._cut(Players(self._score, frames=self._frames, sample_rate=self._rate).events())

        def mixed(block: int) -> list[Samples]:
            return self._mix_block(block, {bus: pieces.get((bus, block), []) for bus in _MIX_ORDER})

        mix = np.zeros((2, self._frames))
        for block, (heard, *echoes) in enumerate(in_order(mixed, range(-(-self._frames // _BLOCK)))):
            self._add(mix, heard, at=block * _BLOCK)
            for later, echo in enumerate(echoes):
                self._add(mix, echo, at=(block + later) * _BLOCK)
        return mix

    def _mix_block(self, block: int, pieces: dict[Bus, list[_Piece]]) -> list[Samples]:
        """Mix one block: what is heard of it directly, then its echoes, each beginning a block later."""
        size = min(_BLOCK, self._frames - block * _BLOCK)
        duck = self._duck(pieces["kick"], size=size)
        mix, send = np.zeros((2, size)), np.zeros(size)
        for bus in _MIX_ORDER:
            if not pieces[bus]:
                continue
            heard = _sum(pieces[bus], size=size)
            if bus in _DUCKED and self._score.genre.duck:
                heard *= duck
            mix += heard
            send += (self._score.genre.wet * _SENDS[bus]) * (heard[0] + heard[1])
        return [mix, *(echo[:, : size + _BLOCK] for echo in self._room.echoes(send))]

    def _add(self, mix: Samples, sound: Samples, *, at: int) -> None:
        for place, skip, frames in self._spans(at, sound.shape[1]):
            mix[:, place : place + frames] += sound[:, skip : skip + frames]

    def _spans(self, at: int, frames: int) -> Iterator[tuple[int, int, int]]:
        """Say where a sound falls within the piece: place, frames to skip, frames; a loop takes it up again."""
        skip = 0
        at = at % self._frames if self._score.loop else at
        while skip < frames and at < self._frames:
            length = min(frames - skip, self._frames - at)
            yield at, skip, length
            skip += length
            at = 0 if self._score.loop else self._frames

    def _cut(self, events: Iterable[Event]) -> dict[tuple[Bus, int], list[_Piece]]:
        pieces: dict[tuple[Bus, int], list[_Piece]] = defaultdict(list)
        for event in events:
            for at, skip, frames in self._spans(event.at, event.frames):
                done = 0
                while done < frames:
                    block, place = divmod(at + done, _BLOCK)
                    length = min(frames - done, _BLOCK - place)
                    piece = _Piece(event=event, skip=skip + done, place=place, frames=length)
                    pieces[(event.bus, block)].append(piece)
                    done += length
        return pieces

    def _duck(self, kicks: list[_Piece], *, size: int) -> Samples:
        gain = np.ones(size)
        for kick in kicks:
            span = slice(kick.place, kick.place + kick.frames)
            dipped = dip(
                np.arange(kick.skip, kick.skip + kick.frames),
                depth=self._score.genre.duck,
                kick_frames=kick.event.frames,
                frames_per_beat=self._frames_per_beat,
                sample_rate=self._rate,
            )
            gain[span] = np.minimum(gain[span], dipped)
        return gain


def _sum(pieces: list[_Piece], *, size: int) -> Samples:
    heard, scaled = np.zeros((2, size)), np.empty(size)
    left, right = heard
    for piece in pieces:
        sound = piece.event.sound()[piece.skip : piece.skip + piece.frames]
        span = slice(piece.place, piece.place + piece.frames)
        # Into one array kept for it: fresh memory for every product would cost more than the products.
        left[span] += np.multiply(sound, piece.event.left, out=scaled[: piece.frames])
        right[span] += np.multiply(sound, piece.event.right, out=scaled[: piece.frames])
    return heard


def _set_width(mix: Samples) -> None:
    """Widen or narrow the mix to one correlation between left and right, whatever the parts happened to be."""
    left, right = mix
    mid, side = _energy(left, right, 1.0), _energy(left, right, -1.0)
    if mid <= 0 or side <= 0:
        return
    wanted = (1 - _CORRELATION) / (1 + _CORRELATION)
    gain = min(2.0, max(0.3, math.sqrt(wanted * mid / side)))
    for start in range(0, mix.shape[1], _BLOCK):
        span = slice(start, start + _BLOCK)
        middle = (left[span] + right[span]) / 2
        away = (left[span] - right[span]) * (gain / 2)
        left[span], right[span] = middle + away, middle - away


def _energy(left: Samples, right: Samples, sign: float) -> float:
    """Sum the squares of left plus or minus right, block by block: a long piece is too large to copy."""
    spans = [slice(start, start + _BLOCK) for start in range(0, len(left), _BLOCK)]
    return sum(float(np.sum(np.square(left[span] + sign * right[span]))) for span in spans)


def _fade_out(mix: Samples, score: Score, *, sample_rate: int) -> None:
    frames = mix.shape[1]
    last_chord = round((score.tempo.bars - 1) * BEATS_PER_BAR * score.tempo.beat_s * sample_rate)
    fade = min(round(_FADE_S * sample_rate), (frames - last_chord) * 3 // 4)
    mix[:, frames - fade :] *= (1 + np.cos(np.linspace(0, np.pi, fade))) / 2
