"""Briefs on disk: which are found, how they are read, which files they may name."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_pipeline.building.brief_file import (
    MAX_BRIEF_BYTES,
    MAX_FILE_BYTES,
    list_campaigns,
    local_files,
    read_brief,
    resolve_brief,
)
from campaign_pipeline.building.yaml_text import YamlRefusedError, read_yaml
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline_tests.model.samples import brief, raw_brief

REPOSITORY = Path(__file__).parents[2]

LAUGHS = "a: &a [x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefg", "bcdefgh", strict=True)
)


def write(briefs: Path, key: str, text: str | bytes) -> Path:
    path = briefs / f"{key}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def with_clips(folder: Path) -> Path:
    (folder / "clips").mkdir(parents=True, exist_ok=True)
    for name in ("intro", "win", "lose"):
        (folder / "clips" / f"{name}.mp4").write_bytes(name.encode())
    return folder


def test_every_brief_of_every_tenant_is_listed(tmp_path: Path) -> None:
    for key in ("demo/summer", "acme/winter-1", "demo/Bad_Name", "Bad Tenant/x"):
        write(tmp_path, key, "a: 1")
    (tmp_path / "demo" / "folder.yaml").mkdir()
    (tmp_path / "README.md").touch()

    assert list_campaigns(tmp_path) == ["acme/winter-1", "demo/summer"]


def test_a_folder_that_is_not_there_holds_no_campaigns(tmp_path: Path) -> None:
    assert list_campaigns(tmp_path / "none") == []


def test_an_unknown_campaign_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "demo/summer-spin", "a: 1")

    with pytest.raises(CampaignError) as caught:
        read_brief(tmp_path, "demo", "sumer-spin")

    assert caught.value.code is ErrorCode.UNKNOWN_CAMPAIGN
    assert "did you mean demo/summer-spin?" in caught.value.message


@pytest.mark.parametrize(
    ("stand", "briefs", "place"),
    [
        (".", "briefs", "briefs/demo/small.yaml"),
        (".", "{root}/briefs", "briefs/demo/small.yaml"),
        ("briefs/demo", "..", "../demo/small.yaml"),
        ("elsewhere", "{root}/briefs", "{root}/briefs/demo/small.yaml"),
    ],
)
def test_a_brief_is_named_as_it_would_be_opened_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand: str, briefs: str, place: str
) -> None:
    write(tmp_path / "briefs", "demo/small", "")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / stand)

    with pytest.raises(CampaignError) as caught:
        read_brief(Path(briefs.format(root=tmp_path)), "demo", "small")

    assert (
        caught.value.message == f"{place.format(root=tmp_path)}: nothing found; a mapping of keys is expected"
    )


def test_a_brief_with_the_other_ending_is_told_so(tmp_path: Path) -> None:
    write(tmp_path, "demo/summer-spins", "a: 1")
    (tmp_path / "demo" / "summer-spin.yml").write_text("a: 1")

    with pytest.raises(CampaignError) as caught:
        read_brief(tmp_path, "demo", "summer-spin")

    assert caught.value.code is ErrorCode.UNKNOWN_CAMPAIGN
    assert caught.value.message.endswith("; found summer-spin.yml; rename it to .yaml")


@pytest.mark.parametrize(
    ("tenant", "campaign"),
    [("..", "x"), ("demo", "../x"), ("demo", "a/b"), ("Demo", "x"), ("", "x"), ("a" * 64, "x")],
)
def test_a_key_that_is_no_slug_reads_no_file(tmp_path: Path, tenant: str, campaign: str) -> None:
    with pytest.raises(CampaignError) as caught:
        read_brief(tmp_path, tenant, campaign)

    assert caught.value.code is ErrorCode.VALIDATION_ERROR
    assert "a slug of lower-case letters, digits and hyphens" in caught.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "nothing found; a mapping of keys is expected"),
        ("# only a comment\n", "nothing found; a mapping of keys is expected"),
        ("{}", "nothing found; a mapping of keys is expected"),
        ("- a\n- b\n", "a list found; a mapping of keys is expected"),
        ("just words", "'just words' found; a mapping of keys is expected"),
        ("a: [1\n", "line 2, column 1: "),
        ("a: b: c\n", "line 1, column 5: "),
        ("a:\n\t- b\n", "line 2, column 1: "),
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1: key 'a' is written twice, first in line 1"),
        ("a: {b: 1, b: 2}", "line 1, column 11: key 'b' is written twice"),
        ("a: !!python/object/apply:os.system [id]", "line 1, column 4: tag tag:yaml.org,2002:python/object"),
        ("a: !secret x", "line 1, column 4: tag !secret found; a plain value without a tag is expected"),
        (LAUGHS, "line 1, column 4: anchor &a found"),
        ("a: *b", "line 1, column 4: alias *b found; the value itself is expected"),
        ("a: .nan", "line 1, column 4: .nan found; a finite number is expected"),
        ("a: -.inf", "line 1, column 4: -.inf found; a finite number is expected"),
        ("a: 1e999", "line 1, column 4: 1e999 found; a finite number is expected"),
        ("a: 9" + "0" * 30, "line 1, column 4: a whole number of more than 15 digits"),
        ("1: x", "line 1, column 1: this key is not text"),
        ("a: {true: x}", "line 1, column 5: this key is not text"),
        ("? [a]\n: b", "this key is not text"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: a second document begins"),
        ("a: " + "[" * 20_000, "nested more than 40 deep"),
        ("a: \x07", "control characters are not allowed"),
        (b"a: \xff", "byte 4 is not UTF-8"),
        ("a: " + "x" * MAX_BRIEF_BYTES, "larger than 256 KiB"),
    ],
)
def test_a_file_that_is_no_brief_is_refused_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | bytes, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "demo/summer", text)

    with pytest.raises(CampaignError) as caught:
        read_brief(tmp_path, "demo", "summer")

    assert caught.value.code is ErrorCode.VALIDATION_ERROR
    assert caught.value.message.startswith("demo/summer.yaml: ")
    assert expected in caught.value.message


def test_a_brief_that_cannot_be_opened_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "demo/summer", "a: 1")

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)

    with pytest.raises(CampaignError, match=r"demo/summer.yaml: cannot be read \(Permission denied\)"):
        read_brief(tmp_path, "demo", "summer")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("NO", "NO"),
        ("true", True),
        ("False", False),
        ("010", "010"),
        ("0x1f", "0x1f"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2026-06-01", "2026-06-01"),
        ("2026-06-01T10:00:00Z", "2026-06-01T10:00:00Z"),
        ("-3", -3),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("1.0", 1.0),
        ("1.0.0", "1.0.0"),
        ("~", None),
        ("", None),
        ("''", ""),
        ("<<", "<<"),
        ("'12'", "12"),
    ],
)
def test_a_value_means_what_it_looks_like(text: str, value: Any) -> None:
    read = read_yaml(f"a: {text}")

    assert read == {"a": value}
    assert type(read["a"]) is type(value)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15) + 1, 10**15 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=12),
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text("abcdef", min_size=1), part, max_size=3)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(value=json_values)
def test_whatever_json_can_say_is_read_as_json_says_it(value: Any) -> None:
    assert read_yaml(json.dumps({"a": value}, ensure_ascii=False)) == {"a": value}


@settings(deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused_and_nothing_else_happens(text: str) -> None:
    with suppress(YamlRefusedError):
        read_yaml(text)


def test_comments_and_key_order_change_nothing(tmp_path: Path) -> None:
    raw = raw_brief()
    write(tmp_path, "demo/one", yaml.safe_dump(raw, sort_keys=True))
    write(tmp_path, "demo/two", "# the same\n" + yaml.safe_dump(dict(reversed(raw.items())), sort_keys=False))

    one, two = (
        resolve_brief(read_brief(tmp_path, "demo", name), overrides={}, tenant="demo", campaign="x")
        for name in ("one", "two")
    )

    assert one == two


def test_overrides_are_a_merge_patch_on_the_brief() -> None:
    raw = raw_brief(audio={"bpm": 100, "seed": 3})

    resolved = resolve_brief(
        raw, overrides={"audio": {"prompt": "rain", "seed": None}}, tenant="demo", campaign="summer"
    )

    assert (resolved.audio.prompt, resolved.audio.bpm, resolved.audio.seed) == ("rain", 100, None)
    assert raw["audio"]["prompt"] == "sunny"


def test_a_resolved_brief_knows_whose_it_is() -> None:
    resolved = resolve_brief(raw_brief(), overrides={}, tenant="demo", campaign="summer")

    assert (resolved.tenant, resolved.campaign_id) == ("demo", "summer")


@pytest.mark.parametrize("field", ["tenant", "campaign_id"])
def test_a_brief_that_says_it_is_another_is_refused(field: str) -> None:
    with pytest.raises(CampaignError, match=f"{field}: 'other' found; '.*' is expected, as its path says"):
        resolve_brief(raw_brief(**{field: "other"}), overrides={}, tenant="demo", campaign="summer")


def test_overrides_that_make_a_brief_wrong_are_refused_like_the_brief() -> None:
    with pytest.raises(
        CampaignError, match=r"VALIDATION_ERROR: audio.bpm: 'fast' found; a number is expected"
    ):
        resolve_brief(raw_brief(), overrides={"audio": {"bpm": "fast"}}, tenant="demo", campaign="summer")


def test_local_files_are_found_beside_the_brief(tmp_path: Path) -> None:
    folder = with_clips(tmp_path)

    found = local_files(brief(videos={"lose": "https://cdn.example/lose.mp4"}), brief_dir=folder)

    assert found == {
        "videos.intro": (folder / "clips/intro.mp4").resolve(),
        "videos.win": (folder / "clips/win.mp4").resolve(),
    }


def test_excepted_fields_are_not_looked_for(tmp_path: Path) -> None:
    assert (
        local_files(brief(), brief_dir=tmp_path, except_fields={"videos.intro", "videos.win", "videos.lose"})
        == {}
    )


def test_a_missing_file_names_field_file_and_the_nearest(tmp_path: Path) -> None:
    folder = with_clips(tmp_path)

    with pytest.raises(CampaignError) as caught:
        local_files(brief(videos={"win": "clips/wim.mp4"}), brief_dir=folder)

    assert caught.value.code is ErrorCode.MISSING_ASSET
    assert caught.value.message.startswith("videos.win: clips/wim.mp4 found, but there is no such file")
    assert "did you mean clips/win.mp4?" in caught.value.message


def test_the_nearest_of_a_missing_file_is_looked_for_in_its_own_folder_first(tmp_path: Path) -> None:
    folder = with_clips(tmp_path)
    for number in range(500):
        (folder / f"{number}.mp4").touch()

    with pytest.raises(CampaignError, match=r"did you mean clips/win\.mp4\?"):
        local_files(brief(videos={"win": "clips/wim.mp4"}), brief_dir=folder)


def test_the_search_for_the_nearest_file_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = with_clips(tmp_path)
    walked: list[int] = []

    def endless(self: Path, _: str) -> Iterator[Path]:
        for number in count():
            walked.append(number)
            yield self / f"{number}.mp4"

    monkeypatch.setattr(Path, "rglob", endless)

    with pytest.raises(CampaignError, match="put the file there or correct the path"):
        local_files(brief(videos={"win": "clips/wim.mp4"}), brief_dir=folder)
    assert len(walked) <= 500


@pytest.mark.parametrize("part", ["elsewhere", "x" * 300])
def test_the_nearest_file_is_looked_for_inside_the_folder_only(tmp_path: Path, part: str) -> None:
    folder = with_clips(tmp_path / "demo")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "win.mp4").touch()
    (folder / "elsewhere").symlink_to(tmp_path / "secrets")

    with pytest.raises(CampaignError) as caught:
        local_files(brief(videos={"win": f"{part}/wim.mp4"}), brief_dir=folder)

    assert caught.value.code is ErrorCode.MISSING_ASSET
    assert "elsewhere/win.mp4" not in caught.value.message


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    folder = with_clips(tmp_path)
    (folder / "first.mp4").symlink_to("clips/intro.mp4")

    found = local_files(brief(videos={"intro": "first.mp4"}), brief_dir=folder)

    assert found["videos.intro"].read_bytes() == b"intro"


@pytest.mark.parametrize("link", ["clips/out.mp4", "outside/secret.mp4"])
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, link: str) -> None:
    folder = with_clips(tmp_path / "demo")
    secret = tmp_path / "elsewhere" / "secret.mp4"
    secret.parent.mkdir()
    secret.write_bytes(b"secret")
    (folder / "clips" / "out.mp4").symlink_to(secret)
    (folder / "outside").symlink_to(secret.parent)

    with pytest.raises(CampaignError) as caught:
        local_files(brief(videos={"intro": link}), brief_dir=folder)

    assert caught.value.code is ErrorCode.VALIDATION_ERROR
    assert caught.value.message.startswith(f"videos.intro: {link} leads out of the brief's folder by a link")


@pytest.mark.parametrize("kind", ["folder", "pipe", "empty", "huge", "loop"])
def test_what_is_no_usable_file_is_refused(tmp_path: Path, kind: str) -> None:
    folder = with_clips(tmp_path)
    path = folder / "odd.mp4"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    else:
        path.touch()
    if kind == "huge":
        os.truncate(path, MAX_FILE_BYTES + 1)

    with pytest.raises(CampaignError) as caught:
        local_files(brief(videos={"intro": "odd.mp4"}), brief_dir=folder)

    assert caught.value.message.startswith("videos.intro: odd.mp4 ")
    assert "expected" in caught.value.message or "correct the path" in caught.value.message


def test_the_briefs_that_are_shipped_are_right() -> None:
    briefs = REPOSITORY / "briefs"

    keys = list_campaigns(briefs)

    assert len({key.split("/")[0] for key in keys}) >= 2
    for key in keys:
        tenant, campaign = key.split("/")
        shipped = resolve_brief(
            read_brief(briefs, tenant, campaign), overrides={}, tenant=tenant, campaign=campaign
        )
        assert local_files(shipped, brief_dir=briefs / tenant)
