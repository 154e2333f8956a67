"""Measure what a fully cached step costs on a ledger with 100,000 reusable results, and how fast bytes are verified.

Run by `make bench`. The demo campaign is built once into a full ledger; then it is built again and again in this
process, and every step's own code and queries are timed: the asset's body, its inputs and its output, without Dagster.
"""

import argparse
import hashlib
import os
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import prepare
from full_ledger import fill
from sqlalchemy import Connection, Engine, event

KEY = "demo/summer-spin"
MAX_STEP_MS, MAX_STATEMENTS, MIN_VERIFY_SHARE = 15, 10, 0.8
_BLOB_BYTES = 256 << 20


OPENING = "opening the run"


class Clock:
    """Milliseconds, and statements to the ledger, of each step and of opening the run, build by build.

    Statements, not round trips: what begins and ends a transaction is not counted.
    """

    def __init__(self) -> None:
        self.spent_ms: dict[str, float] = defaultdict(float)
        self.statements: Counter[str] = Counter()
        self._under_way: list[str] = []
        event.listen(Engine, "before_cursor_execute", self._count)

    def _count(self, connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        # Dagster's own storage goes through the same library.
        ours = str(connection.engine.url).endswith("ledger.db")
        if self._under_way and ours and not statement.startswith("BEGIN"):
            self.statements[self._under_way[-1]] += 1

    def around(self, function: Callable[..., Any], name_of: Callable[..., str]) -> Callable[..., Any]:
        """Let a function be timed under a name; what is timed within it counts there, and not here."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            name, began = name_of(*args), time.perf_counter()
            self._under_way.append(name)
            try:
                return function(*args, **kwargs)
            finally:
                self._under_way.pop()
                took_ms = (time.perf_counter() - began) * 1000
                self.spent_ms[name] += took_ms
                if self._under_way:
                    self.spent_ms[self._under_way[-1]] -= took_ms

        return timed


@contextmanager
def timed() -> Iterator[Clock]:
    """Time everything of ours that Dagster calls for a step."""
    from campaign_pipeline.building.builder import Builder  # noqa: PLC0415  after the folder was changed to
    from campaign_pipeline.orchestration import assets  # noqa: PLC0415
    from campaign_pipeline.orchestration.io_managers import ArtifactIOManager  # noqa: PLC0415

    clock = Clock()
    body = assets._run  # noqa: SLF001  the one place through which every step of ours goes
    assets._run = clock.around(body, lambda context, *_: context.asset_key.path[-1])  # noqa: SLF001
    output, loaded = ArtifactIOManager.handle_output, ArtifactIOManager.load_input
    ArtifactIOManager.handle_output = clock.around(output, lambda _, context, *__: context.step_key)  # type: ignore[method-assign]
    ArtifactIOManager.load_input = clock.around(loaded, lambda _, context: context.op_def.name)  # type: ignore[method-assign]
    Builder.open = clock.around(Builder.open, lambda *_: OPENING)  # type: ignore[method-assign]
    yield clock


def build() -> None:
    """Build the demo campaign in this process, on the folder's own Dagster instance."""
    from campaign_pipeline.building.campaign_key import CampaignKey  # noqa: PLC0415
    from campaign_pipeline.orchestration.launch import Launch  # noqa: PLC0415

    failure = Launch(CampaignKey.parse(KEY, source="KEY"), trigger={}).run()
    if failure is not None:
        sys.exit(failure)


def verification_share(folder: Path, rounds: int) -> float:
    """Compare verification with hashlib reading the same file, one after the other; above 1 is faster than hashlib."""
    from campaign_pipeline.storage import LocalArtifactStore, Verification  # noqa: PLC0415

    store = LocalArtifactStore(folder / "blobs")
    blob = store.put(os.urandom(1 << 20) * (_BLOB_BYTES >> 20))
    path = store.path(blob.content_hash)
    if path is None:
        sys.exit("the blob is not where it was put")

    def by_hashlib() -> None:
        with path.open("rb", buffering=0) as file:
            hashlib.file_digest(file, "sha256")

    def by_store() -> None:
        if store.verify(blob.content_hash, size_bytes=blob.size_bytes) is not Verification.SOUND:
            sys.exit("the blob is not sound")

    return statistics.median(_seconds(by_hashlib) / _seconds(by_store) for _ in range(rounds))


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure(folder: Path, *, entries: int, rounds: int) -> list[tuple[str, str, str, bool]]:
    """Fill a ledger, build into it, and put every figure beside its limit: name, figure, limit, whether it holds."""
    prepare(folder)
    (folder / ".campaign" / "ledger.db").unlink()
    os.chdir(folder)
    fill("sqlite:///.campaign/ledger.db", cache_entries=entries)
    build()
    build()
    rows = []
    with timed() as clock:
        measured: dict[str, list[float]] = defaultdict(list)
        for _ in range(rounds):
            clock.spent_ms.clear()
            clock.statements.clear()
            build()
            for step, spent_ms in clock.spent_ms.items():
                measured[step].append(spent_ms)
        for step, costs in measured.items():
            cost, count = statistics.median(costs), clock.statements[step]
            what = step if step == OPENING else f"cached {step}"
            holds = cost <= MAX_STEP_MS and count <= MAX_STATEMENTS
            limit = f"≤ {MAX_STEP_MS} ms, {MAX_STATEMENTS} statements"
            rows.append((what, f"{cost:.1f} ms, {count} statements", limit, holds))
    share = verification_share(folder, rounds)
    rows.append(
        ("verification / hashlib", f"{share:.2f}", f"≥ {MIN_VERIFY_SHARE}", share >= MIN_VERIFY_SHARE)
    )
    return rows


def main() -> None:
    """Measure, print the table, and fail where a limit does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="how often each is measured (9)")
    parser.add_argument(
        "--entries", type=int, default=100_000, help="reusable results in the ledger (100,000)"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="campaign-bench-") as name:
        rows = measure(Path(name), entries=asked.entries, rounds=asked.rounds)
    print(
        f"\n| figure (median of {asked.rounds} rounds, {asked.entries:,} cache entries) | measured | limit | holds |"
    )
    print("|---|---:|---:|---|")
    for what, figure, limit, holds in rows:
        print(f"| {what} | {figure} | {limit} | {'yes' if holds else 'NO'} |")
    sys.exit(0 if all(holds for *_, holds in rows) else 1)


if __name__ == "__main__":
    main()
