"""The words for a step's reuse, from whatever its diagnostics hold."""

import json
from typing import Any

import pytest

from campaign_pipeline.building.analysis import Expectation, StepAnalysis, listed, provider_words, snapshot
from campaign_pipeline.storage import NewArtifact

HIT = {"cache": {"hit": True, "reason": "same inputs as in run X", "saved_ms": 1240}}


def test_a_hit_is_told_with_what_it_saved() -> None:
    analysis = StepAnalysis.of("bgm", HIT)

    assert analysis.words == "reused: same inputs as in run X"
    assert analysis.labelled == {"cache": "hit", "why": "same inputs as in run X", "saved": "1.24 s"}


@pytest.mark.parametrize("diagnostics", [None, {}, {"trimmed_at": "2026-02-03"}])
def test_diagnostics_that_are_gone_tell_nothing(diagnostics: dict[str, Any] | None) -> None:
    analysis = StepAnalysis.of("bgm", diagnostics)

    assert (analysis.reason, analysis.saved_ms, analysis.expected) == ("", None, None)
    assert analysis.as_expected


def test_diagnostics_of_the_first_version_are_understood() -> None:
    told = {"cache": {"hit": False, "reason": "first build"}, "read": {}, "timings": {"lookup_ms": 1.0}}

    assert StepAnalysis.of("bgm", told).labelled == {"cache": "miss", "why": "first build"}


@pytest.mark.parametrize("missing", [None, "ANTHROPIC_API_KEY is not set"])
def test_what_was_expected_is_read_again_as_it_was_kept(missing: str | None) -> None:
    expected = Expectation(step_id="game_config", reuse=False, reason="first build", missing=missing)

    assert Expectation.of("game_config", expected.to_json()) == expected


@pytest.mark.parametrize(("reuse", "as_expected"), [(True, True), (False, False)])
def test_what_came_is_held_against_what_was_expected(*, reuse: bool, as_expected: bool) -> None:
    analysis = StepAnalysis.of("bgm", {**HIT, "expected": {"reuse": reuse, "reason": "R"}})

    assert analysis.as_expected is as_expected
    assert analysis.labelled["expected"] == f"{'reuse' if reuse else 'run'}: R"


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        ({}, ""),
        ({"calls": 0, "answers_reused": 1, "cost_usd": 0.0}, "1 answer reused"),
        ({"requests": 1, "calls": 0, "cost_usd": None}, "1 request, cost unknown"),
        (
            {"calls": 2, "answers_reused": 0, "tokens_in": 1812, "tokens_out": 1, "cost_usd": 0.0123},
            "2 calls, 1,812 tokens in, 1 token out, $0.0123",
        ),
    ],
)
def test_what_a_provider_did_is_told_as_far_as_it_is_known(provider: dict[str, Any], words: str) -> None:
    assert provider_words(provider) == words


def test_a_snapshot_stays_small_whatever_the_metadata_holds() -> None:
    artifact = NewArtifact(
        type="json/campaign-manifest",
        uri="sha256/aa",
        content_hash=f"sha256:{'a' * 64}",
        size_bytes=12,
        filename="campaign_manifest.json",
        metadata={"campaign_name": "é" * 5000, "checksum": f"sha256:{'b' * 64}", "references": ["x"] * 900},
    )

    taken = snapshot(artifact)

    assert len(json.dumps(taken)) < 2000
    assert taken["figures"]["checksum"] == f"sha256:{'b' * 64}"
    assert "references" not in taken["figures"]


def test_several_things_are_named_in_one_phrase() -> None:
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
