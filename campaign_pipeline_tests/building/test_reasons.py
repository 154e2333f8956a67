"""Why a step was made again, in a brief author's words."""

from campaign_pipeline.building.reasons import why_inputs_missed


def read(**params: object) -> dict[str, object]:
    return {"skill version": "1.0.0", "params": params, "inputs": {"bgm": "sha256:aa"}}


def test_a_first_build_says_so() -> None:
    assert why_inputs_missed(read(), []) == "first build"


def test_a_changed_field_is_named_by_its_path() -> None:
    now, before = read(audio={"prompt": "a", "bpm": 1}), read(audio={"prompt": "b", "bpm": 1})

    assert why_inputs_missed(now, [before]) == "audio.prompt changed"


def test_an_input_and_the_skills_version_are_named_like_fields() -> None:
    now = {"skill version": "1.1.0", "params": {}, "inputs": {"bgm": "sha256:bb"}}

    assert why_inputs_missed(now, [read()]) == "skill version, bgm changed"


def test_a_field_that_came_or_went_has_changed() -> None:
    assert why_inputs_missed(read(a=None), [read()]) == "a changed"
    assert why_inputs_missed(read(), [read(a={})]) == "a changed"


def test_only_the_first_few_of_many_changes_are_named() -> None:
    now, before = read(**dict.fromkeys("abcdef", 1)), read(**dict.fromkeys("abcdef", 2))

    assert why_inputs_missed(now, [before]) == "a, b, c, d and 2 more changed"


def test_nothing_changed_but_nothing_kept_is_told_apart() -> None:
    assert why_inputs_missed(read(), [read()]) == "nothing has changed, but no reusable result was kept"


def test_of_several_earlier_ones_the_least_different_is_the_reason() -> None:
    now = read(audio={"prompt": "b", "bpm": 1})
    trial = read(audio={"prompt": "c", "bpm": 2}, locale="de")
    before = read(audio={"prompt": "a", "bpm": 1})

    assert why_inputs_missed(now, [trial, before]) == "audio.prompt changed"


def test_among_equally_different_ones_the_newest_is_the_reason() -> None:
    assert why_inputs_missed(read(a=1, b=1), [read(a=1, b=2), read(a=2, b=1)]) == "b changed"


def test_what_was_not_kept_is_no_first_build() -> None:
    reason = "no reusable result was kept, nor what earlier ones were made from"

    assert why_inputs_missed(read(), [{}]) == reason
    assert why_inputs_missed(read(a=1), [{}, read()]) == "a changed"


def test_a_section_that_came_is_named_by_its_fields() -> None:
    assert why_inputs_missed(read(copy={"title": "a"}), [read(copy=None)]) == "copy.title changed"
    assert why_inputs_missed(read(copy={}), [read(copy={"title": "a"})]) == "copy.title changed"
