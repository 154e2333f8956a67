"""What is said of a step's reuse, before and after it: in the plan, the run, the UI and the rows, in the same words.

Belongs here: the words and figures of hit and miss, of what was expected, of time saved and of what a provider did.
Does not belong here: deciding about reuse (building.reuse), predicting it (building.planning), drawing (terminal).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.storage import ArtifactRecord, NewArtifact

_FIGURES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "json/game-config": {"template_id": ("template_id",), "theme": ("theme",)},
    "audio/bgm": {
        "provider": ("metadata", "providerId"),
        "model": ("metadata", "model"),
        "duration_sec": ("metadata", "durationSec"),
        "format": ("metadata", "format"),
        "bpm": ("music", "bpm"),
        "loudness_lufs": ("music", "loudness_lufs"),
        "true_peak_dbtp": ("music", "true_peak_dbtp"),
    },
    "bundle/game": {"template_id": ("template_id",), "files": ("metadata", "file_count")},
    "json/campaign-manifest": {"campaign_name": ("campaign_name",), "checksum": ("checksum",)},
}
"""What of an artifact's metadata says what it is, by its type: the figure's name, and where it stands."""

_MAX_FIGURE_CHARACTERS = 120


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What is expected of a step before it runs.

    Args:
        input_hash: What it will be asked; None where that waits for a step before it.
        saved_ms: How long making the reused result took, where that is known.
        missing: Which setting is not there that running it takes. It is told though Claude's answer may have been kept,
            which needs no key: only asking finds that out.
    """

    step_id: str
    reuse: bool
    reason: str
    input_hash: ContentHash | None = None
    saved_ms: int | None = None
    missing: str | None = None

    @property
    def words(self) -> str:
        """Say it in one line."""
        return f"{'reuse' if self.reuse else 'run'}: {self.told_reason}"

    @property
    def told_reason(self) -> str:
        """Say why, and what stands in the way."""
        return f"{self.reason}; but {self.missing}" if self.missing else self.reason

    def to_json(self) -> JsonObject:
        """Give the form that a step's diagnostics keep."""
        wanting = {"missing": self.missing} if self.missing else {}
        return {"reuse": self.reuse, "reason": self.reason, **wanting}

    @classmethod
    def of(cls, step_id: str, found: Mapping[str, Any]) -> "Expectation":
        """Take back what `to_json` gave."""
        return cls(
            step_id=step_id, reuse=found["reuse"], reason=found["reason"], missing=found.get("missing")
        )


@dataclass(frozen=True, kw_only=True)
class StepAnalysis:
    """What a step's diagnostics tell of its reuse; empty where the cache was not asked.

    Args:
        provider: What models were asked: requests that were sent, calls that were answered, answers_reused, tokens_in,
            tokens_out, cost_usd (None where nobody knows), as far as known.
        fallback: Which provider stepped in, and for whom; empty where none did.
    """

    hit: bool
    reason: str
    saved_ms: int | None
    expected: Expectation | None = None
    provider: Mapping[str, Any] = field(default_factory=dict)
    fallback: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, step_id: str, diagnostics: Mapping[str, Any] | None) -> "StepAnalysis":
        """Read a step's diagnostics; those of an earlier version, or trimmed ones, tell less."""
        told = diagnostics or {}
        cache, expected = told.get("cache", {}), told.get("expected")
        return cls(
            hit=bool(cache.get("hit")),
            reason=str(cache.get("reason", "")),
            saved_ms=cache.get("saved_ms"),
            expected=Expectation.of(step_id, expected) if expected else None,
            provider=told.get("provider") or {},
            fallback=told.get("fallback") or {},
        )

    @property
    def words(self) -> str:
        """Say in one line what became of the step."""
        became = "reused" if self.hit else "made"
        return f"{became}: {self.reason}" if self.reason else became

    @property
    def as_expected(self) -> bool:
        """Whether the step came to what was expected of it; also where nothing was."""
        return self.expected is None or self.expected.reuse is self.hit

    @property
    def labelled(self) -> dict[str, str]:
        """Say it under names, for whoever shows a list: only what there is to say."""
        labelled = {
            "cache": "hit" if self.hit else "miss",
            "why": self.reason,
            "saved": seconds(self.saved_ms) if self.saved_ms is not None else "",
            "expected": self.expected.words if self.expected else "",
            "provider": provider_words(self.provider),
            "fallback": fallback_words(self.fallback),
        }
        return {name: words for name, words in labelled.items() if words}


def step_diagnostics(
    artifact: ArtifactRecord | NewArtifact, *, reason: str, saved_ms: int | None
) -> JsonObject:
    """Give what a step's diagnostics keep of its reuse, and of what it came to."""
    cache: JsonObject = {"hit": isinstance(artifact, ArtifactRecord), "reason": reason}
    if saved_ms is not None:
        cache["saved_ms"] = saved_ms
    return {"cache": cache, "output": snapshot(artifact)}


def snapshot(artifact: ArtifactRecord | NewArtifact) -> JsonObject:
    """Say what an artifact was, in under 2 KB: its row may be gone before those who ask are."""
    found = {name: _at(artifact.metadata, path) for name, path in _FIGURES.get(artifact.type, {}).items()}
    return {
        "type": artifact.type,
        "content_hash": artifact.content_hash,
        "size_bytes": artifact.size_bytes,
        "filename": artifact.filename,
        "figures": {name: _bounded(value) for name, value in found.items() if value is not None},
    }


def total_saved_ms(analyses: Iterable[StepAnalysis]) -> int:
    """Add up the time that was saved; what is not known counts nothing."""
    return sum(analysis.saved_ms or 0 for analysis in analyses)


def seconds(milliseconds: float) -> str:
    """Spell a duration as every table does."""
    return f"{milliseconds / 1000:,.2f} s"


def listed(names: Sequence[str]) -> str:
    """Name several things in one phrase."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def provider_words(provider: Mapping[str, Any]) -> str:
    """Say what models were asked for a step; nothing where none was."""
    parts = [
        ", ".join(provider.get("models", ())),
        _count(provider.get("calls"), "call"),
        # Those that brought no answer may be billed too.
        _count(sent, "request") if (sent := provider.get("requests", 0)) > provider.get("calls", 0) else "",
        _count(provider.get("answers_reused"), "answer", after=" reused"),
        _count(provider.get("tokens_in"), "token", after=" in"),
        _count(provider.get("tokens_out"), "token", after=" out"),
        _cost(provider),
        f"{seconds(provider['latency_ms'])} to answer" if provider.get("latency_ms") else "",
    ]
    return ", ".join(filter(None, parts))


def fallback_words(fallback: Mapping[str, Any] | None) -> str:
    """Say in one line who stepped in for whom, and why; nothing where nobody did."""
    if not fallback:
        return ""
    causes = "; ".join(
        f"{failure['provider']} failed: {failure['error']}" for failure in fallback["instead_of"]
    )
    return f"{fallback['provider']} stepped in, because {causes}"


def _cost(provider: Mapping[str, Any]) -> str:
    if provider.get("cost_usd"):
        return f"${provider['cost_usd']:,.4f}"
    return "cost unknown" if "cost_usd" in provider and provider["cost_usd"] is None else ""


def _count(number: int | None, noun: str, *, after: str = "") -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}{after}" if number else ""


def _at(metadata: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = metadata
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _bounded(value: Any) -> Any:
    return value[:_MAX_FIGURE_CHARACTERS] if isinstance(value, str) else value
