"""The manifest of a campaign: what it refers to, what it repeats of the brief, and that nothing is missing."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.campaign import CampaignManifest, manifest_checksum
from campaign_pipeline.model.digest import ContentHash, canonical_hash, content_hash
from campaign_pipeline.model.files import StoredFile
from campaign_pipeline.skills.assemble_campaign_manifest import (
    ManifestSource,
    assemble_campaign_manifest,
    params,
)
from campaign_pipeline_tests.model.samples import FULL, brief

FIRST = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 6, 2, 9, 30, 15, 999, tzinfo=UTC)


def stored(name: str) -> StoredFile:
    data = name.encode()
    return StoredFile(
        content_hash=content_hash(data), size_bytes=len(data), media_type="video/mp4", filename=name
    )


def files_of(asked: Brief) -> dict[str, StoredFile]:
    return {field: stored(path) for field, path in asked.file_references().items()}


def uri_of(digest: ContentHash) -> str:
    return f"sha256/{digest.removeprefix('sha256:')}"


def source(step: str, kind: str) -> ManifestSource:
    digest = content_hash(step.encode())
    return ManifestSource(type=kind, uri=uri_of(digest), content_hash=digest, size_bytes=len(step))


ARTIFACTS: Mapping[str, ManifestSource] = {
    "game_config": source("game_config", "json/game-config"),
    "bgm": source("bgm", "audio/bgm"),
    "game_bundle": source("game_bundle", "bundle/game"),
}


def assembled(asked: Brief, **options: Any) -> CampaignManifest:
    arguments: dict[str, Any] = {
        "campaign_id": "summer",
        "artifacts": ARTIFACTS,
        "files": files_of(asked),
        "uri_of": uri_of,
        "exists": lambda _digest: True,
        "public_url": None,
        "created_at": FIRST,
        "updated_at": NOW,
    }
    return assemble_campaign_manifest(asked, **{**arguments, **options})


def test_local_videos_are_referred_to_by_their_content() -> None:
    manifest = assembled(brief())

    digest = content_hash(b"clips/intro.mp4")
    assert manifest.assets.intro_video.to_json() == {
        "uri": uri_of(digest),
        "type": "video",
        "size_bytes": 15,
        "checksum": digest,
        "required": True,
    }


def test_videos_elsewhere_are_referred_to_as_they_are_written() -> None:
    manifest = assembled(brief(videos={"win": "https://cdn.example/win.mp4", "lose": "s3://bucket/lose.mp4"}))

    assert manifest.assets.win_video.to_json() == {
        "uri": "https://cdn.example/win.mp4",
        "type": "video",
        "required": True,
    }
    assert manifest.assets.lose_video.uri == "s3://bucket/lose.mp4"


def test_bundle_and_music_are_assets() -> None:
    assets = assembled(brief()).assets

    assert (assets.game_bundle.type, assets.game_bundle.checksum) == (
        "bundle",
        ARTIFACTS["game_bundle"].content_hash,
    )
    assert [(asset.type, asset.uri) for asset in assets.additional] == [("audio", ARTIFACTS["bgm"].uri)]


def test_the_three_artifacts_it_is_made_from_are_listed_by_step() -> None:
    listed = assembled(brief(metadata={"team": "growth"})).metadata

    assert listed == {
        "team": "growth",
        "artifacts": {
            step: {"type": artifact.type, "uri": artifact.uri, "content_hash": artifact.content_hash}
            for step, artifact in ARTIFACTS.items()
        },
    }


def test_defaults_are_spelled_out() -> None:
    written = assembled(brief()).to_json()

    assert written["flow"] == {
        "sequence": ["intro", "game", "outcome"],
        "intro_to_game_trigger": "button_click",
        "game_to_outcome_trigger": "game_complete",
    }
    assert written["rules"] == {"active": True, "require_login": False}
    assert written["analytics"]["enabled"] is True
    assert written["interaction"]["game_container"] == {
        "entry_point": "index.html",
        "config_path": "game_config.json",
    }
    assert "branding" not in written


def test_a_full_brief_is_repeated_in_the_manifests_words() -> None:
    asked = Brief.model_validate(dict(FULL))

    written = assembled(asked).to_json()

    assert written["rules"] == FULL["rules"]
    assert written["flow"]["outcome_redirect"] == FULL["outcome_redirect"]
    assert written["analytics"] == FULL["analytics"]
    assert written["version"] == "2.1.0-beta.1"
    assert written["branding"] == {**FULL["branding"], "logo_uri": uri_of(content_hash(b"images/logo.png"))}
    click = uri_of(content_hash(b"sounds/click.mp3"))
    assert written["interaction"]["button"] == {**FULL["button"], "click_sound_uri": click}


def test_a_public_address_stands_before_the_stores_paths_only() -> None:
    asked = brief(
        videos={"win": "https://other.example/win.mp4"}, branding={"brand_name": "B", "logo_uri": "logo.png"}
    )

    manifest = assembled(asked, public_url="https://cdn.example/c/")

    assert manifest.assets.intro_video.uri.startswith("https://cdn.example/c/sha256/")
    assert manifest.assets.win_video.uri == "https://other.example/win.mp4"
    assert manifest.assets.additional[0].uri.startswith("https://cdn.example/c/")
    assert manifest.metadata["artifacts"]["bgm"]["uri"].startswith("https://cdn.example/c/")
    assert manifest.branding is not None
    assert str(manifest.branding.logo_uri).startswith("https://cdn.example/c/sha256/")


def test_no_path_of_the_brief_or_the_machine_gets_in() -> None:
    assert "clips/" not in str(assembled(brief()).to_json())


def test_an_absolute_path_is_refused() -> None:
    with pytest.raises(CampaignError) as caught:
        assembled(brief(), uri_of=lambda digest: f"/var/store/{digest[7:]}")

    assert "campaign_manifest: assets.intro_video.uri" in caught.value.message


def test_times_are_those_of_the_builds_in_utc() -> None:
    berlin = timezone(timedelta(hours=2))

    manifest = assembled(brief(), created_at=FIRST.astimezone(berlin), updated_at=NOW)

    assert (manifest.created_at, manifest.updated_at) == ("2026-06-01T08:00:00Z", "2026-06-02T09:30:15Z")


def test_the_checksum_is_over_all_the_rest() -> None:
    manifest = assembled(brief())

    assert manifest.checksum == manifest_checksum(manifest.to_json())
    assert manifest.checksum != assembled(brief(), updated_at=FIRST).checksum
    assert CampaignManifest.model_validate(manifest.to_json()) == manifest


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (b"clips/win.mp4", "videos.win: clips/win.mp4"),
        (b"game_bundle", "game_bundle: "),
        (b"bgm", "bgm: "),
        (b"game_config", "game_config: "),
    ],
)
def test_whatever_the_store_does_not_hold_is_named(missing: bytes, named: str) -> None:
    with pytest.raises(CampaignError) as caught:
        assembled(brief(), exists=lambda digest: digest != content_hash(missing))

    assert caught.value.code is ErrorCode.MISSING_ASSET
    assert caught.value.message.startswith(named)


def test_a_file_that_was_never_stored_is_named() -> None:
    with pytest.raises(CampaignError, match=r"MISSING_ASSET: videos\.intro: clips/intro\.mp4 was not taken"):
        assembled(brief(), files={})


def hashed(asked: Brief, **options: Any) -> str:
    arguments: dict[str, Any] = {"campaign_id": "summer", "files": files_of(asked), "public_url": None}
    return canonical_hash(params(asked, **{**arguments, **options}))


@pytest.mark.parametrize(
    "changes",
    [
        {"theme": "candy_pop"},
        {"difficulty": "hard"},
        {"audio": {"prompt": "x"}},
        {"copy": {"title": "x"}},
        {"rebuild": {"cron": "0 6 * * *"}},
    ],
)
def test_what_the_skill_does_not_read_is_no_parameter(changes: dict[str, Any]) -> None:
    assert hashed(brief(**changes)) == hashed(brief())


@pytest.mark.parametrize(
    "changes",
    [
        {"campaign_name": "Other"},
        {"version": "2.0.0"},
        {"rules": {"max_plays_per_user": 2}},
        {"analytics": {"enabled": False}},
        {"branding": {"brand_name": "B"}},
        {"metadata": {"a": 1}},
        {"button": {"bounds": {"x": 0.1}}},
        {"button": {"click_sound_uri": "a.mp3"}},
        {"videos": {"win": "https://cdn.example/w.mp4"}},
        {"outcome_redirect": {}},
    ],
)
def test_what_the_skill_reads_is_a_parameter(changes: dict[str, Any]) -> None:
    assert hashed(brief(**changes)) != hashed(brief())


def test_renaming_local_files_changes_no_parameter() -> None:
    names = {"videos": {"intro": "new.mp4"}, "button": {"click_sound_uri": "new.mp3"}}
    before = brief(button={"click_sound_uri": "old.mp3"}, branding={"brand_name": "B", "logo_uri": "old.png"})
    after = brief(**names, branding={"brand_name": "B", "logo_uri": "new.png"})
    files = files_of(before)

    assert hashed(after, files=files) == hashed(before, files=files)


def test_the_public_address_and_the_campaign_are_parameters() -> None:
    assert hashed(brief(), public_url="https://cdn.example") != hashed(brief())
    assert hashed(brief(), campaign_id="winter") != hashed(brief())
