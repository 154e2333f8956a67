"""The artifacts' models: their keys, their rules, their hashes."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from campaign_pipeline.errors import ErrorCode, refusal
from campaign_pipeline.model.bundle import BundleManifest
from campaign_pipeline.model.campaign import CampaignManifest, ManifestAssetRef, manifest_checksum, sealed
from campaign_pipeline.model.digest import canonical_hash, content_hash
from campaign_pipeline.model.files import StoredFile
from campaign_pipeline.model.game_config import GameConfig
from campaign_pipeline.model.merge import merge_patch
from campaign_pipeline_tests.model.artifacts import BUNDLE_MANIFEST, DIGEST, GAME_CONFIG, MANIFEST


@pytest.mark.parametrize(
    ("model", "sample"),
    [(GameConfig, GAME_CONFIG), (BundleManifest, BUNDLE_MANIFEST), (CampaignManifest, MANIFEST)],
)
def test_an_artifact_is_written_with_the_keys_it_was_read_with(
    model: type[BaseModel], sample: dict[str, Any]
) -> None:
    read = model.model_validate(sample)

    assert read.model_dump(mode="json", exclude_none=True) == sample


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"template_id": ""}, "template_id: '' found; text that is not empty is expected"),
        ({"settings": {"difficulty": {"level": "insane"}}}, "settings.difficulty.level: 'insane' found"),
        (
            {"settings": {"difficulty": {"win_probability": -0.1}}},
            "win_probability: -0.1 found; a number from 0 to 1",
        ),
        ({"settings": {"duration_sec": 0}}, "settings.duration_sec: 0 found; a number above 0"),
        ({"visuals": {"colors": {"accent": "no"}}}, "visuals.colors.accent: 'no' found; a CSS colour"),
        ({"audio": {"bgm": {"volume": 1.5}}}, "audio.bgm.volume: 1.5 found"),
        ({"copy": {"title": None}}, "copy.title: nothing found; a value is required"),
    ],
)
def test_a_game_configuration_keeps_the_rules_of_the_data_model(patch: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        GameConfig.model_validate(merge_patch(GAME_CONFIG, patch))

    assert refusal(caught.value).code is ErrorCode.VALIDATION_ERROR
    assert expected in refusal(caught.value).message


@pytest.mark.parametrize(
    "colour", ["red", "RED", "#F00", "hsl(0 100% 50%)", "rgb(255, 0, 0)", "color(srgb 1 0 0)"]
)
def test_any_css_colour_is_kept_as_hex(colour: str) -> None:
    config = GameConfig.model_validate(merge_patch(GAME_CONFIG, {"visuals": {"colors": {"primary": colour}}}))

    assert config.visuals.colors.primary == "#ff0000"


@pytest.mark.parametrize("uri", ["", "/var/store/x", "../x", "file:///x", "a\\b", "javascript:x"])
def test_a_reference_that_nobody_can_follow_is_a_missing_asset(uri: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ManifestAssetRef(uri=uri, type="video", required=True)

    assert refusal(caught.value).code is ErrorCode.MISSING_ASSET


@pytest.mark.parametrize(
    "digest", ["", "abc", "sha256:", "md5:" + "0" * 64, "sha256:" + "A" * 64, "sha256:" + "0" * 63]
)
def test_a_hash_that_is_none_is_refused_by_its_own_code(digest: str) -> None:
    with pytest.raises(ValidationError) as caught:
        StoredFile(content_hash=digest, size_bytes=1, media_type="video/mp4", filename="a.mp4")

    assert refusal(caught.value).code is ErrorCode.INVALID_HASH
    assert "64 lower-case hex digits are expected" in refusal(caught.value).message


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.MP4", "video/mp4"),
        ("b.png", "image/png"),
        ("c", "application/octet-stream"),
        ("d.xyz", "application/octet-stream"),
    ],
)
def test_a_stored_file_is_described_by_its_name(name: str, media_type: str) -> None:
    stored = StoredFile.of(Path("/somewhere") / name, content_hash=DIGEST, size_bytes=3)

    assert (stored.filename, stored.media_type) == (name, media_type)
    assert StoredFile.model_validate(stored.to_json()) == stored


def test_a_manifest_refuses_null_for_an_optional_key() -> None:
    with pytest.raises(ValidationError) as caught:
        CampaignManifest.model_validate({**MANIFEST, "branding": None})

    assert "branding: nothing found" in refusal(caught.value).message


def test_a_manifest_is_sealed_over_everything_but_its_checksum() -> None:
    manifest = sealed({key: value for key, value in MANIFEST.items() if key != "checksum"})

    content = manifest.to_json()

    assert manifest.checksum == manifest_checksum(content)
    assert manifest.checksum == canonical_hash({key: content[key] for key in content if key != "checksum"})
    assert manifest_checksum({**content, "campaign_name": "Other"}) != manifest.checksum


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=5), st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=5), max_size=6
    )
)
def test_key_order_never_changes_a_canonical_hash(value: dict[str, Any]) -> None:
    reordered = dict(reversed(value.items()))

    assert canonical_hash(reordered) == canonical_hash(value)
    assert canonical_hash({**value, "another": 1.0}) == canonical_hash({"another": 1, **value})


def test_a_content_hash_is_the_sha256_of_the_bytes() -> None:
    assert content_hash(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
