"""Measure how much faster than real time music is made, and what it takes in memory.

Run by `make bench-music`. Every round makes 30 s and 300 s of music in processes of their own, on two cores at most:
composed, played, finished and encoded as a build does it. Then once more as WAV: most of the time of an MP3 is its
coder's, and finishing alone is what is done without one. Of seconds the table gives medians of the rounds, of memory
the most of any.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

LENGTHS_S = (30, 300)
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


def takes(rounds: int) -> Iterator[dict[int, Take]]:
    """Make every length in a process of its own, round by round."""
    for number in range(rounds):
        made = {}
        for length_s in LENGTHS_S:
            child = subprocess.run(
                [sys.executable, __file__, "--make", str(length_s)],
                stdout=subprocess.PIPE,
                check=True,
            )
            made[length_s] = Take(**json.loads(child.stdout))
        told = ", ".join(f"{length_s} s in {take.whole_s:.2f} s" for length_s, take in made.items())
        print(f"round {number + 1}: {told}", file=sys.stderr, flush=True)
        yield made


def table(measured: list[dict[int, Take]]) -> Iterator[tuple[str, str, str, bool]]:
    """Put every figure beside its limit: name, figure, limit, whether it holds."""
    for length_s in LENGTHS_S:
        made = [takes[length_s] for takes in measured]
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


def main() -> None:
    """Measure, print the table, and fail where a limit does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (5)")
    parser.add_argument("--make", type=int, metavar="SECONDS", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    if words.make:
        print(json.dumps(asdict(make(words.make))))
        return
    lines = list(table(list(takes(words.rounds))))
    print(f"\n| of real time, on {CORES} cores (median of {words.rounds}) | measured | limit | holds |")
    print("|---|---:|---:|---|")
    for what, figure, limit, holds in lines:
        print(f"| {what} | {figure} | {limit} | {('yes' if holds else 'NO') if limit else ''} |")
    sys.exit(0 if all(holds for *_, holds in lines) else 1)


if __name__ == "__main__":
    main()
