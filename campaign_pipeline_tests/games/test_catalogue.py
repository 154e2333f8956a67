"""The catalogue: templates are found, read and held to their own words; briefs are held against them."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.games.catalogue import load_template, template_ids
from campaign_pipeline.games.template import Template
from campaign_pipeline.model.merge import merge_patch
from campaign_pipeline_tests.model.samples import brief

GAMES = Path(template_ids.__code__.co_filename).parent


def copied(root: Path, *, name: str = "spin_wheel_v1", **changes: Any) -> Path:
    """Copy the wheel under a root and a name of its own, its template.yaml changed by a merge patch."""
    folder = root / name
    shutil.copytree(GAMES / "spin_wheel_v1", folder)
    spec = yaml.safe_load((folder / "template.yaml").read_text("utf-8"))
    changed = merge_patch({**spec, "template_id": name}, changes)
    (folder / "template.yaml").write_text(yaml.safe_dump(changed), "utf-8")
    return folder


@pytest.fixture
def wheel() -> Template:
    return load_template("spin_wheel_v1")


def test_an_unknown_template_names_the_nearest_and_all_the_known() -> None:
    with pytest.raises(CampaignError) as caught:
        load_template("spin_whel_v1")

    assert caught.value.code is ErrorCode.UNKNOWN_TEMPLATE
    assert caught.value.message.startswith("template_id: 'spin_whel_v1' found; did you mean spin_wheel_v1?")
    assert f"Known: {', '.join(template_ids())}" in caught.value.message


@pytest.mark.parametrize("name", ["", "runtime", "../games/spin_wheel_v1", "spin_wheel_v1/", "__pycache__"])
def test_only_a_folder_with_a_template_file_is_a_template(name: str) -> None:
    with pytest.raises(CampaignError) as caught:
        load_template(name)

    assert caught.value.code is ErrorCode.UNKNOWN_TEMPLATE


@pytest.mark.parametrize("template_id", template_ids())
def test_a_shipped_template_keeps_its_own_rules(template_id: str) -> None:
    template = load_template(template_id)
    schema = template.spec.mechanics.rules

    Draft202012Validator.check_schema(schema)
    Draft202012Validator.check_schema(template.spec.player_result)
    Draft202012Validator(schema).validate(template.spec.mechanics.defaults)
    assert set(template.spec.difficulty) == {"easy", "medium", "hard"}
    assert {
        "index.html",
        "assets/runtime.js",
        "assets/runtime.css",
        "assets/game.js",
        "assets/style.css",
    } == set(template.page_files())
    assert sum(map(len, template.page_files().values())) <= 60_000


@pytest.mark.parametrize("template_id", template_ids())
def test_every_language_of_a_template_fits_its_limits(template_id: str) -> None:
    texts = load_template(template_id).spec.texts
    limits = texts.limits.to_json()

    for words in texts.languages.values():
        assert all(len(text) <= limits[name] for name, text in words.to_json().items())


def test_a_folder_is_all_that_another_template_takes(tmp_path: Path) -> None:
    copied(tmp_path, name="my_game_v2")

    assert template_ids(root=tmp_path) == ("my_game_v2",)
    assert load_template("my_game_v2", root=tmp_path).template_id == "my_game_v2"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"template_id": "other"}, "template_id: 'other' found; the folder's name is expected"),
        ({"copy": {"languages": {"en": None}}}, "copy.languages: the language en is expected"),
        ({"difficulty": {"easy": {"win_probability": 2}}}, "difficulty.easy.win_probability: 2 found"),
        ({"colours": {}}, "colours: unknown key"),
        (
            {"themes": {"neon_arcade": {"colors": {"accent": "no"}}}},
            "themes.neon_arcade.colors.accent: 'no' found",
        ),
    ],
)
def test_a_template_that_is_wrong_says_where(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    copied(tmp_path, **changes)

    with pytest.raises(CampaignError) as caught:
        load_template("spin_wheel_v1", root=tmp_path)

    assert caught.value.message.startswith("spin_wheel_v1/template.yaml: ")
    assert expected in caught.value.message


def test_the_two_digests_follow_what_they_stand_for(tmp_path: Path) -> None:
    roots = {name: tmp_path / name for name in ("same", "script", "spec")}
    folders = {name: copied(root) for name, root in roots.items()}
    (folders["script"] / "game.js").write_text("// another\n", "utf-8")
    with (folders["spec"] / "template.yaml").open("a", encoding="utf-8") as file:
        file.write("# another\n")

    digests = {
        name: (template.config_digest, template.code_digest)
        for name, root in roots.items()
        for template in [load_template("spin_wheel_v1", root=root)]
    }

    assert digests["script"][0] == digests["same"][0]
    assert digests["script"][1] != digests["same"][1]
    assert digests["spec"][0] != digests["same"][0]
    assert digests["spec"][1] == digests["same"][1]


def test_a_brief_that_fits_is_taken(wheel: Template) -> None:
    wheel.check_brief(brief(difficulty={"level": "easy", "parameters": {"extra_turns": 2}}))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"theme": "neon_arcad"},
            "theme: 'neon_arcad' is not a theme of spin_wheel_v1; did you mean neon_arcade?",
        ),
        ({"theme": "zzz"}, "theme: 'zzz' is not a theme of spin_wheel_v1; candy_pop or midnight_gold or"),
        (
            {"difficulty": {"level": "easy", "parameters": {"extra_turn": 1}}},
            "difficulty.parameters: 'extra_turn' is not a parameter of spin_wheel_v1; did you mean extra_turns?",
        ),
        (
            {"assets": {"backgroud": "a.png"}},
            "assets: 'backgroud' is not an asset slot of spin_wheel_v1; did you mean background?",
        ),
        (
            {"rules": {"global_win_rate": 0.9}},
            "rules.global_win_rate: 0.9 found; 0.6, the game's win_probability, is expected",
        ),
        ({"mechanics": {"min_turns": 0}}, "mechanics.min_turns: 0 found; at least 1 is expected"),
        (
            {"theme": "zzz", "mechanics": {"segmnts": []}},
            "; mechanics.segmnts: unknown key; did you mean segments?",
        ),
    ],
)
def test_a_brief_that_does_not_fit_says_why(wheel: Template, changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(CampaignError) as caught:
        wheel.check_brief(brief(**changes))

    assert caught.value.code is ErrorCode.VALIDATION_ERROR
    assert expected in caught.value.message


def test_an_outcome_mode_that_a_template_does_not_know_is_refused(tmp_path: Path) -> None:
    copied(tmp_path, mechanics={"schema": {"properties": {"outcome_mode": {"enum": ["client_demo"]}}}})

    with pytest.raises(CampaignError, match="'host_supplied' found; client_demo is expected"):
        load_template("spin_wheel_v1", root=tmp_path).check_brief(brief(outcome_mode="host_supplied"))


def test_a_brief_without_mechanics_and_images_is_held_against_no_schema_and_no_decoder() -> None:
    script = (
        "import sys; from campaign_pipeline.games.catalogue import load_template;"
        "from campaign_pipeline_tests.model.samples import brief;"
        "wheel = load_template('spin_wheel_v1'); wheel.check_brief(brief()); wheel.check_files({}, brief=brief());"
        "print(sorted({'jsonschema', 'PIL', 'puremagic', 'tinycss2'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_a_win_rate_that_is_the_levels_own_is_taken(wheel: Template) -> None:
    wheel.check_brief(brief(rules={"global_win_rate": wheel.spec.difficulty["easy"].win_probability}))


def test_a_template_may_have_less_room_for_words_than_a_brief(tmp_path: Path) -> None:
    copied(tmp_path, copy={"limits": {"title": 5}})

    with pytest.raises(
        CampaignError, match=r"copy\.title: 6 characters found; at most 5 are expected in spin_wheel_v1"
    ):
        load_template("spin_wheel_v1", root=tmp_path).check_brief(brief(copy={"title": "Spin!!"}))


def test_a_locale_gets_its_language_and_english_otherwise(wheel: Template) -> None:
    assert wheel.spec.copy_for("de-AT") == wheel.spec.texts.languages["de"]
    assert wheel.spec.copy_for("ja-JP") == wheel.spec.texts.languages["en"]
