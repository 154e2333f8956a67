"""Measure what a campaign build costs beside a Dagster job that does nothing.

Run by `make bench`. Every round runs the bare job, a cold build and a fully cached one, one after the other, so that a
ratio compares runs of the same minute; the table gives medians of the rounds and of the rounds' ratios.
"""

import argparse
import io
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
DAGSTER = Path(sys.executable).parent / "dagster"
KEY = "demo/summer-spin"
TAGS = json.dumps({"dagster/partition": KEY})
BARE = ("-f", str(REPOSITORY / "benchmarks" / "bare_job.py"), "-j", "bare")
BUILD = ("-m", "campaign_pipeline.definitions", "-j", "campaign_build")

MAX_COLD, MAX_CACHED, MAX_MEMORY_MB = 1.6, 1.15, 400
SCRIPTS_AND_STYLES = ("assets/game.js", "assets/style.css", "assets/runtime.js", "assets/runtime.css")
MAX_WITHOUT_MUSIC_KB, MAX_WITH_MUSIC_KB, MAX_CODE_KB = 300, 1000, 60


@dataclass(frozen=True)
class Cost:
    """What one process took: wall and processor time in seconds, peak memory in megabytes."""

    wall_s: float
    cpu_s: float
    memory_mb: float


def run(folder: Path, words: tuple[str, ...]) -> Cost:
    """Run `dagster job execute` in a folder and take the operating system's account of it."""
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("CAMPAIGN_", "DAGSTER_"))
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [DAGSTER, "job", "execute", *words, "--tags", TAGS],
        cwd=folder,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(words)} ended with {process.returncode} in {folder}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def prepare(folder: Path) -> None:
    """Lay a folder out as a checkout has it, and register the campaign by a build that is thrown away."""
    shutil.copytree(REPOSITORY / "briefs", folder / "briefs", ignore=shutil.ignore_patterns("*.py"))
    shutil.copy(REPOSITORY / "dagster.yaml", folder)
    run(folder, BUILD)


def rounds(folder: Path, count: int) -> Iterator[tuple[Cost, Cost, Cost]]:
    """Measure bare, cold and cached, round by round; a cold build finds neither ledger nor store."""
    for number in range(count):
        for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
            (folder / ".campaign" / name).unlink(missing_ok=True)
        shutil.rmtree(folder / ".campaign" / "store", ignore_errors=True)
        bare = run(folder, BARE)
        cold = run(folder, BUILD)
        cached = run(folder, BUILD)
        print(
            f"round {number + 1}: bare {bare.wall_s:.2f} s, cold {cold.wall_s:.2f} s, cached {cached.wall_s:.2f} s"
        )
        yield bare, cold, cached


def bundle_sizes(folder: Path) -> dict[str, float]:
    """Weigh the built bundle, in kilobytes of a thousand bytes: whole, without its music, and the game's own code."""
    for path in (folder / ".campaign" / "store").rglob("*"):
        if path.is_file() and path.read_bytes()[:2] == b"PK":
            data = path.read_bytes()
            with zipfile.ZipFile(io.BytesIO(data)) as bundle:
                config = json.loads(bundle.read("game_config.json"))
                music = bundle.getinfo(config["audio"]["bgm"]["uri"]).file_size
                own = sum(bundle.getinfo(name).file_size for name in SCRIPTS_AND_STYLES) + page_size(bundle)
            return {"whole": len(data) / 1e3, "without music": (len(data) - music) / 1e3, "code": own / 1e3}
    sys.exit("no bundle was built")


def page_size(bundle: zipfile.ZipFile) -> int:
    """Weigh the page without the configuration that was written into it: that is the campaign's, not the game's."""
    page = bundle.read("index.html")
    return len(re.sub(rb'(id="game-config">).*?(</script>)', rb"\1\2", page, flags=re.DOTALL))


def table(
    measured: list[tuple[Cost, Cost, Cost]], sizes: dict[str, float]
) -> list[tuple[str, str, str, bool]]:
    """Put every figure beside its limit: name, figure, limit, whether it holds."""
    cold = statistics.median(cold.wall_s / bare.wall_s for bare, cold, _ in measured)
    cached = statistics.median(cached.wall_s / bare.wall_s for bare, _, cached in measured)
    memory = max(cold.memory_mb for _, cold, _ in measured)
    seconds = [statistics.median(costs[kind].wall_s for costs in measured) for kind in range(3)]
    return [
        ("bare job of four empty assets", f"{seconds[0]:.2f} s", "", True),
        ("cold build, 30 s of music", f"{seconds[1]:.2f} s", "", True),
        ("fully cached build", f"{seconds[2]:.2f} s", "", True),
        ("cold / bare", f"{cold:.2f}", f"≤ {MAX_COLD}", cold <= MAX_COLD),
        ("cached / bare", f"{cached:.2f}", f"≤ {MAX_CACHED}", cached <= MAX_CACHED),
        ("peak memory of a cold build", f"{memory:.0f} MB", f"≤ {MAX_MEMORY_MB} MB", memory <= MAX_MEMORY_MB),
        *(
            (name, f"{sizes[kind]:.1f} kB", f"≤ {limit} kB", sizes[kind] <= limit)
            for name, kind, limit in (
                ("bundle with 30 s of music", "whole", MAX_WITH_MUSIC_KB),
                ("bundle without its music", "without music", MAX_WITHOUT_MUSIC_KB),
                ("the game's own code", "code", MAX_CODE_KB),
            )
        ),
    ]


def main() -> None:
    """Measure, print the table, and fail where a limit does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="how often each is measured (7)")
    count = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="campaign-bench-") as name:
        folder = Path(name)
        prepare(folder)
        lines = table(list(rounds(folder, count)), bundle_sizes(folder))
    print(f"\n| figure (median of {count} rounds) | measured | limit | holds |\n|---|---:|---:|---|")
    for what, figure, limit, holds in lines:
        print(f"| {what} | {figure} | {limit} | {('yes' if holds else 'NO') if limit else ''} |")
    sys.exit(0 if all(holds for *_, holds in lines) else 1)


if __name__ == "__main__":
    main()
