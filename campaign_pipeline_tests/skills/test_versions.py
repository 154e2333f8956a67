"""A skill's version and what the skill is made of change together."""

import pytest

from campaign_pipeline_tests.skills.versions import COMMAND, current, files_of, recorded, skill_ids


@pytest.mark.parametrize("skill_id", skill_ids())
def test_a_skill_changes_together_with_its_version(skill_id: str) -> None:
    now, before = current()[skill_id], dict(recorded()[skill_id])
    before.pop("same_results", None)

    if now["digest"] != before["digest"]:
        assert now["version"] != before["version"], (
            f"{skill_id} is not what its version {before['version']} was. Earlier results would be reused as if it "
            f"were: raise VERSION in campaign_pipeline/skills/{skill_id}.py, then run `{COMMAND}`"
        )
    assert now == before, f"{skill_id} was given another version: record it by `{COMMAND}`"


@pytest.mark.parametrize(
    ("skill_id", "part"),
    [
        ("game_config_from_template", "campaign_pipeline/games/mechanics.py"),
        ("game_config_from_template", "campaign_pipeline/model/game_config.py"),
        ("game_config_from_template", "campaign_pipeline/games/spin_wheel_v1/template.yaml"),
        ("game_config_from_template", "campaign_pipeline/providers/claude/adapter.py"),
        ("game_config_from_template", "campaign_pipeline/providers/claude/prompts/system.md"),
        ("game_config_from_template", "campaign_pipeline/providers/text_rules.py"),
        ("game_config_from_template", "campaign_pipeline/games/legibility.py"),
        ("generate_bgm_track", "campaign_pipeline/providers/synth/compose.py"),
        ("generate_bgm_track", "campaign_pipeline/providers/finishing/chain.py"),
        ("generate_bgm_track", "campaign_pipeline/model/audio.py"),
        ("bundle_game_template", "campaign_pipeline/games/image_files.py"),
        ("bundle_game_template", "campaign_pipeline/skills/archive.py"),
        ("bundle_game_template", "campaign_pipeline/games/runtime/runtime.js"),
        ("bundle_game_template", "campaign_pipeline/games/spin_wheel_v1/page.html"),
        ("assemble_campaign_manifest", "campaign_pipeline/model/campaign.py"),
        ("assemble_campaign_manifest", "campaign_pipeline/model/terms.py"),
    ],
)
def test_everything_that_shapes_a_result_is_watched(skill_id: str, part: str) -> None:
    assert part in files_of(skill_id)


@pytest.mark.parametrize("skill_id", skill_ids())
def test_how_a_skill_is_called_and_its_artifact_described_is_watched(skill_id: str) -> None:
    assert "campaign_pipeline/building/calls.py" in files_of(skill_id)


def test_music_does_not_depend_on_games() -> None:
    assert not [name for name in files_of("generate_bgm_track") if "/games/" in name or "brief" in name]
