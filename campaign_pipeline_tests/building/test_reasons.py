"""Why a step was made again, in a brief author's words."""

from campaign_pipeline.building.reasons import why_inputs_missed


def read(**params: object) -> dict[str, object]:
    return {"skill version": "1.0.0", "params": params, "inputs": {"bgm": "sha256:aa"}}


def test_a_first_build_says_so() -> None:
    assert why_inputs_missed(read(), None) == "first build"


def test_a_changed_field_is_named_by_its_path() -> None:
    now, before = read(audio={"prompt": "a", "bpm": 1}), read(audio={"prompt": "b", "bpm": 1})

    assert why_inputs_missed(now, before) == "audio.prompt changed"


def test_an_input_and_the_skills_version_are_named_like_fields() -> None:
    now = {"skill version": "1.1.0", "params": {}, "inputs": {"bgm": "sha256:bb"}}

    assert why_inputs_missed(now, read()) == "skill version, bgm changed"


def test_a_field_that_came_or_went_has_changed() -> None:
    assert why_inputs_missed(read(a=None), read()) == "a changed"
    assert why_inputs_missed(read(), read(a={})) == "a changed"


def test_only_the_first_few_of_many_changes_are_named() -> None:
    now, before = read(**dict.fromkeys("abcdef", 1)), read(**dict.fromkeys("abcdef", 2))

    assert why_inputs_missed(now, before) == "a, b, c, d and 2 more changed"


def test_nothing_changed_but_nothing_kept_is_told_apart() -> None:
    assert why_inputs_missed(read(), read()) == "nothing has changed, but no reusable result was kept"
