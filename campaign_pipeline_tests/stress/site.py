"""A workplace under fire: its builds ask counting providers, each time with new prompts, and its tables are audited.

Belongs here: ordering builds there, and what is left behind by them.
Does not belong here: the faults (the campaigns), or what rows must look like (audit).
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, create_engine, inspect, select

from campaign_pipeline.storage import LocalArtifactStore
from campaign_pipeline.storage.tables import PROVIDER_ANSWER
from campaign_pipeline_tests.stress.audit import unsound
from campaign_pipeline_tests.stress.crew import Child, Crew
from campaign_pipeline_tests.stress.providers import CALLS, COUNTING, DELAY, calls_in, request_hash
from campaign_pipeline_tests.workplace import Workplace

KEY = "demo/small"
PROVIDERS = ("audio", "text")


@dataclass(frozen=True)
class Size:
    """How large the campaigns are."""

    is_full: bool

    def of(self, *, sample: int, full: int) -> int:
        """Choose a number."""
        return full if self.is_full else sample


@dataclass
class Site:
    """One workplace, its crew, and the prompt that is built now."""

    place: Workplace
    crew: Crew
    prompt: str = "the first"
    delay_s: float = 0.0
    extra_env: dict[str, str] = field(default_factory=dict)

    def ask_for(self, prompt: str, *, of: str = KEY) -> None:
        """Write a brief anew, so that nothing made before can serve it."""
        self.prompt = prompt
        # The smallest music that passes for music: these campaigns are not about sound.
        audio = {"prompt": prompt, "provider": None, "channels": 1, "sample_rate": 22050, "bitrate_kbps": 64}
        self.place.write_brief(of, {"audio": audio, "copy": {"title": prompt}})

    @property
    def env(self) -> dict[str, str]:
        """What a build finds in its environment."""
        return {
            **self.place.env,
            "CAMPAIGN_AUDIO_PROVIDER": COUNTING,
            CALLS: str(self.place.root / "calls"),
            DELAY: str(self.delay_s),
            **self.extra_env,
        }

    def start(self, function: str, *words: str, **named: Any) -> Child:
        """Start a child here."""
        return self.crew.start(function, *words, cwd=self.place.root, env=self.env, **named)

    def build(self, *words: str, **named: Any) -> Child:
        """Build the campaign and wait until it has ended, however it did."""
        return self.start("build", KEY, *words, **named).wait()

    def built(self, *words: str) -> Child:
        """Build the campaign; that must succeed."""
        child = self.build(*words)
        assert child.code == 0, child.said
        return child

    @property
    def calls(self) -> Counter[str]:
        """How often each provider was asked for the prompt that is built now."""
        calls = calls_in(self.place.root / "calls")
        return Counter(
            {name: calls[f"{name} {self.prompt}"] for name in PROVIDERS if calls[f"{name} {self.prompt}"]}
        )

    @property
    def answered(self) -> set[str]:
        """Which providers' answers to the prompt that is built now are durable."""
        hashes = {request_hash(name, self.prompt): name for name in PROVIDERS}
        with self.connected() as connection:
            if not inspect(connection).has_table(PROVIDER_ANSWER.name):
                return set()
            kept = select(PROVIDER_ANSWER.c.request_hash)
            return {hashes[found] for found in connection.scalars(kept) if found in hashes}

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Reach the tables, past every scope; what is changed stays."""
        (self.place.root / ".campaign").mkdir(exist_ok=True)
        engine = create_engine(self.place.ledger_url.replace("postgresql://", "postgresql+psycopg://"))
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def unsound(self) -> list[str]:
        """Say what of the tables and the store breaks the contract, now that no build runs."""
        with self.connected() as connection:
            return unsound(connection, LocalArtifactStore(self.place.store))
