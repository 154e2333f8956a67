"""Measure how much faster than real time music is made, and what it takes in memory.

Run by `make bench-music`. Every round makes 30 s and 300 s of music in processes of their own, on two cores at most:
composed, played, finished and encoded as a build does it. Then once more as WAV: most of the time of an MP3 is its
coder's, and finishing alone is what is done without one. Music made to order needs neither decoding nor fitting, so
an answer as a provider sends it (a WAV at 48 kHz, a little too long, of a tempo that nobody tells) is finished too.
Of seconds the table gives medians of the rounds, of memory the most of any.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

LENGTHS_S = (30, 300)
ANSWER_LENGTHS_S: Mapping[int, float] = {30: 31.7, 300: 310.0}
ANSWER_HZ, ANSWER_BPM = 48000, 120
CORES = 2
MIN_SPEED, MIN_FINISHING_SPEED, MAX_MEMORY_MB = 25, 60, 500


@dataclass(frozen=True)
class Take:
    """What one piece took: wall seconds of each part, processor seconds of the whole, megabytes of the process."""

    synth_s: float
    to_mp3_s: float
    cpu_s: float
    to_wav_s: float
    memory_mb: float

    @property
    def whole_s(self) -> float:
        """The wall seconds from request to file."""
        return self.synth_s + self.to_mp3_s


@dataclass(frozen=True)
class Finish:
    """What the answer of a provider took from its bytes to a file: wall seconds, megabytes of the process."""

    seconds: float
    memory_mb: float


@dataclass(frozen=True)
class Round:
    """One music made and one answer finished."""

    take: Take
    finish: Finish


def make(length_s: int) -> Take:
    """Make one piece in this process; what is imported is imported before the clock starts."""
    from campaign_pipeline.model.audio import AudioRequest  # noqa: PLC0415  the parent process measures, and needs none
    from campaign_pipeline.providers.audio_choice import audio_model  # noqa: PLC0415  as above
    from campaign_pipeline.providers.finishing.chain import finish  # noqa: PLC0415  as above

    short, request, model = (
        AudioRequest(duration_sec=10),
        AudioRequest(duration_sec=length_s),
        audio_model("synth"),
    )
    finish(model.generate(short), request=short)
    cpu, began = time.process_time(), time.perf_counter()
    generated = model.generate(request)
    played = time.perf_counter()
    finish(generated, request=request)
    ended, spent = time.perf_counter(), time.process_time() - cpu
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    generated = model.generate(request)
    again = time.perf_counter()
    finish(generated, request=request.model_copy(update={"format": "wav"}))
    return Take(
        synth_s=played - began,
        to_mp3_s=ended - played,
        cpu_s=spent,
        to_wav_s=time.perf_counter() - again,
        memory_mb=memory_mb,
    )


def finish_answer(length_s: int, *, answer: Path) -> Finish:
    """Finish one answer in this process; what is imported is imported before the clock starts."""
    from campaign_pipeline.model.audio import AudioRequest  # noqa: PLC0415  as above
    from campaign_pipeline.providers.audio import GeneratedAudio  # noqa: PLC0415  as above
    from campaign_pipeline.providers.finishing.chain import finish  # noqa: PLC0415  as above
    from campaign_pipeline.providers.finishing.decoding import decode, enough_s  # noqa: PLC0415  as above

    request = AudioRequest(duration_sec=length_s, bpm=ANSWER_BPM, format="wav")
    data = answer.read_bytes()
    began = time.perf_counter()
    sound = decode(data, source="answer", most_s=enough_s(request.duration_sec))
    del data
    finish(
        GeneratedAudio(samples=sound.samples, sample_rate=sound.sample_rate, bpm=None, bars=None, loop=False),
        request=request,
    )
    return Finish(
        seconds=time.perf_counter() - began,
        memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def write_answer(path: Path, *, length_s: float) -> None:
    """Write drums and changing chords in time, as a provider might send them."""
    import numpy as np  # noqa: PLC0415  as above
    import soundfile  # noqa: PLC0415  as above

    beat_s, draw = 60 / ANSWER_BPM, np.random.default_rng(1)
    time_s = np.arange(round(beat_s * ANSWER_HZ)) / ANSWER_HZ
    left = round(length_s * ANSWER_HZ)
    with soundfile.SoundFile(path, "w", ANSWER_HZ, 2, format="WAV", subtype="PCM_16") as file:
        while left:
            chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in draw.choice([220, 262, 330, 392, 440], 3))
            drum = np.sin(2 * np.pi * 60 * time_s) * np.exp(-9 * time_s)
            noise = draw.standard_normal((2, len(time_s))) * np.exp(-60 * time_s)
            struck = (0.1 * chord * np.exp(-3 * time_s) + 0.4 * drum + 0.05 * noise)[:, :left]
            file.write(struck.T)
            left -= struck.shape[1]


def measured(rounds: int) -> Iterator[dict[int, Round]]:
    """Make every length and finish an answer of every length, each in a process of its own, round by round."""
    with tempfile.TemporaryDirectory() as folder:
        answers = {length_s: Path(folder, f"{length_s}.wav") for length_s in LENGTHS_S}
        for length_s, path in answers.items():
            write_answer(path, length_s=ANSWER_LENGTHS_S[length_s])
        for number in range(rounds):
            done = {
                length_s: Round(
                    take=Take(**_in_a_process("--make", f"{length_s}")),
                    finish=Finish(**_in_a_process("--make", f"{length_s}", "--answer", f"{path}")),
                )
                for length_s, path in answers.items()
            }
            told = ", ".join(f"{length_s} s in {one.take.whole_s:.2f} s" for length_s, one in done.items())
            print(f"round {number + 1}: {told}", file=sys.stderr, flush=True)
            yield done


def _in_a_process(*words: str) -> dict[str, float]:
    child = subprocess.run([sys.executable, __file__, *words], stdout=subprocess.PIPE, check=True)
    told: dict[str, float] = json.loads(child.stdout)
    return told


def table(rounds: list[dict[int, Round]]) -> Iterator[tuple[str, str, str, bool]]:
    """Put every figure beside its limit: name, figure, limit, whether it holds."""
    for length_s in LENGTHS_S:
        made = [one[length_s].take for one in rounds]
        whole = length_s / statistics.median(take.whole_s for take in made)
        encoding = length_s / statistics.median(take.to_mp3_s for take in made)
        finishing = length_s / statistics.median(take.to_wav_s for take in made)
        synth = length_s / statistics.median(take.synth_s for take in made)
        cpu = statistics.median(take.cpu_s for take in made)
        memory = max(take.memory_mb for take in made)
        yield (f"{length_s} s, request to MP3", f"{whole:.0f} ×", f"≥ {MIN_SPEED} ×", whole >= MIN_SPEED)
        yield (f"{length_s} s, composed and played", f"{synth:.0f} ×", "", True)
        yield (f"{length_s} s, finished and encoded", f"{encoding:.0f} ×", "", True)
        yield (
            f"{length_s} s, finished alone",
            f"{finishing:.0f} ×",
            f"≥ {MIN_FINISHING_SPEED} ×",
            finishing >= MIN_FINISHING_SPEED,
        )
        yield (f"{length_s} s, processor time", f"{cpu:.2f} s", "", True)
        yield (
            f"{length_s} s, peak memory",
            f"{memory:.0f} MB",
            f"≤ {MAX_MEMORY_MB} MB",
            memory <= MAX_MEMORY_MB,
        )

        yield from _answer_lines(length_s, [one[length_s].finish for one in rounds])


def _answer_lines(length_s: int, finished: list[Finish]) -> Iterator[tuple[str, str, str, bool]]:
    speed = length_s / statistics.median(one.seconds for one in finished)
    memory = max(one.memory_mb for one in finished)
    yield (
        f"{length_s} s, a provider's answer finished",
        f"{speed:.0f} ×",
        f"≥ {MIN_FINISHING_SPEED} ×",
        speed >= MIN_FINISHING_SPEED,
    )
    yield (
        f"{length_s} s, a provider's answer, peak memory",
        f"{memory:.0f} MB",
        f"≤ {MAX_MEMORY_MB} MB",
        memory <= MAX_MEMORY_MB,
    )


def main() -> None:
    """Measure, print the table, and fail where a limit does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (5)")
    parser.add_argument("--make", type=int, metavar="SECONDS", help=argparse.SUPPRESS)
    parser.add_argument("--answer", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    if words.make:
        done = finish_answer(words.make, answer=words.answer) if words.answer else make(words.make)
        print(json.dumps(asdict(done)))
        return
    lines = list(table(list(measured(words.rounds))))
    print(f"\n| of real time, on {CORES} cores (median of {words.rounds}) | measured | limit | holds |")
    print("|---|---:|---:|---|")
    for what, figure, limit, holds in lines:
        print(f"| {what} | {figure} | {limit} | {('yes' if holds else 'NO') if limit else ''} |")
    sys.exit(0 if all(holds for *_, holds in lines) else 1)


if __name__ == "__main__":
    main()
