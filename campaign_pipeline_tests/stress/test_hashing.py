"""Input hashes: blind to how a brief is spelled and where its files lie, and blind to nothing that shapes a result."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from campaign_pipeline.building.calls import (
    StepCall,
    StoredArtifact,
    Surroundings,
    bgm_call,
    campaign_manifest_call,
    game_bundle_call,
    game_config_call,
)
from campaign_pipeline.building.trigger import ProviderChoice, Trigger
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.digest import canonical_json, content_hash
from campaign_pipeline.model.files import StoredFile
from campaign_pipeline.model.merge import merge_patch
from campaign_pipeline.providers.access import Access
from campaign_pipeline.settings import CacheChoice, Settings
from campaign_pipeline.storage import ArtifactRecord, LocalArtifactStore
from campaign_pipeline.storage.hashing import input_hash
from campaign_pipeline_tests.stress.site import Size

NOW = datetime(2026, 2, 3, 10, 11, 12, tzinfo=UTC)

BRIEF: Mapping[str, Any] = {
    "campaign_name": "Summer",
    "template_id": "spin_wheel_v1",
    "theme": "neon_arcade",
    "difficulty": {"level": "easy", "win_probability": 0.25, "parameters": {"extra_turns": 3}},
    "duration_sec": 45,
    "audio": {"prompt": "sunny", "provider": "stub", "duration_sec": 10},
    "videos": {"intro": "clips/intro.mp4", "win": "clips/win.mp4", "lose": "clips/lose.mp4"},
    "button": {"bounds": {"x": 0.1, "y": 0.2, "width": 0.5, "height": 0.5}, "click_sound_uri": "click.mp3"},
    "outcome_redirect": {"win_url": "https://shop.example/win", "delay_ms": 0},
    "branding": {"brand_name": "Solana", "logo_uri": "logo.png", "colors": {"primary": "#123456"}},
    "metadata": {"team": "growth"},
}

OTHERS: Mapping[str, tuple[Any, ...]] = {
    # every field of a brief, and what else may stand there
    "campaign_name": ("Winter",),
    "version": ("2.0.0",),
    "template_id": ("scratch_card_v1",),
    "theme": ("candy_pop", "summer_beach"),
    "difficulty.level": ("hard", "medium"),
    "difficulty.win_probability": (0.5, None),
    "difficulty.parameters": ({"extra_turns": 2}, {"deceleration": 4}),
    "locale": ("de-AT",),
    "duration_sec": (30, None),
    "colors.primary": ("#ff0000",),
    "colors.secondary": ("#ff0000",),
    "colors.accent": ("#ff0000",),
    "colors.background": ("#001122",),
    "mechanics": ({"min_turns": 4}, {"spin_duration_ms": 5000}),
    "outcome_mode": ("host_supplied", "client_demo"),
    "copy.title": ("Dreh!",),
    "copy.instructions": ("Los!",),
    "copy.win_message": ("Ja",),
    "copy.lose_message": ("Nein",),
    "assets": ({"background": "beach.png"},),
    "audio.prompt": ("rainy",),
    "audio.genre": ("tropical",),
    "audio.mood": ("happy", "sad"),
    "audio.energy_level": (0.1, 0.9),
    "audio.bpm": (90,),
    "audio.duration_sec": (20,),
    "audio.loopable": (False,),
    "audio.format": ("wav",),
    "audio.bitrate_kbps": (128,),
    "audio.sample_rate": (48000,),
    "audio.channels": (1,),
    "audio.seed": (7,),
    "audio.provider": ("synth",),
    "audio.model": ("one",),
    "audio.fallback": ("synth",),
    "text.provider": ("template",),
    "text.model": ("one",),
    "text.fallback": ("template",),
    "videos.intro": ("https://cdn.example/intro.mp4", "clips/other.mp4"),
    "videos.win": ("https://cdn.example/win.mp4", "clips/other.mp4"),
    "videos.lose": ("s3://bucket/lose.mp4", "clips/other.mp4"),
    "button.bounds.x": (0.2,),
    "button.bounds.y": (0.3,),
    "button.bounds.width": (0.4,),
    "button.bounds.height": (0.4,),
    "button.mask_polygon": ([[0, 0], [1, 0], [0.5, 1]],),
    "button.hover_effect": ("glow",),
    "button.click_sound_uri": ("clack.mp3", None),
    "outcome_redirect.win_url": ("https://shop.example/other", None),
    "outcome_redirect.lose_url": ("https://shop.example/lose",),
    "outcome_redirect.delay_ms": (500,),
    "rules.active": (False,),
    "rules.start_date": ("2026-06-01",),
    "rules.end_date": ("2026-08-31",),
    "rules.max_plays_per_user": (3,),
    "rules.global_win_rate": (0.25,),
    "rules.require_login": (True,),
    "rules.allowed_regions": (["DE"],),
    "rules.excluded_regions": (["CH"],),
    "rules.rate_limiting": ({"per_minute": 5},),
    "analytics.enabled": (False,),
    "analytics.tracking_id": ("UA-1",),
    "analytics.events": (["game_started"],),
    "branding.brand_name": ("Luna",),
    "branding.logo_uri": ("other.png", None),
    "branding.colors.primary": ("#654321",),
    "branding.colors.secondary": ("#654321",),
    "branding.font_family": ("Inter",),
    "metadata": ({"team": "sales"}, {"market": [1, 2, None]}),
    "rebuild.cron": ("0 6 * * *",),
    "rebuild.timezone": ("Europe/Berlin",),
}
WRITTEN_BY_PLACE = {"campaign_id", "tenant"}
"""Given by the brief's folder and name; they reach the skills from the trigger."""

numbers = st.integers(1 - 2**53, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


def test_key_order_and_number_spelling_are_no_part_of_a_hash(size: Size) -> None:
    @_examples(size.of(sample=100, full=5000))
    @given(value=json_values, seed=st.integers(0, 2**32))
    def check(value: Any, seed: int) -> None:
        spelled = json.loads(_spelled_differently(value, random.Random(seed)))  # noqa: S311  spelling, not secrets
        assert _hash({"value": spelled}) == _hash({"value": value})

    check()


def test_two_values_have_one_hash_only_if_they_are_one_value(size: Size) -> None:
    @_examples(size.of(sample=100, full=5000))
    @given(one=json_values, other=json_values)
    def check(one: Any, other: Any) -> None:
        assert (_hash({"value": one}) == _hash({"value": other})) == _same(one, other)

    check()


def test_the_fields_that_are_changed_here_are_all_that_a_brief_has() -> None:
    assert set(OTHERS) | WRITTEN_BY_PLACE == set(_leaves(Brief))


def test_whatever_changes_a_result_changes_its_input_hash(
    tmp_path: Path, size: Size, figure: Callable[[str, object], None]
) -> None:
    changes = st.sets(
        st.sampled_from([(name, place) for name, values in OTHERS.items() for place in range(len(values))]),
        max_size=4,
    )
    store = LocalArtifactStore(tmp_path)
    one_by_one = [{(name, place)} for name, values in OTHERS.items() for place in range(len(values))]
    plain = _results(BRIEF, store)
    assert set(plain) == {"game_config", "campaign_manifest", "bgm"}
    told_apart = 0
    for change in one_by_one:
        changed = _results(_changed(change), store)
        told_apart += _check_told_apart(plain, changed)

    @_examples(size.of(sample=20, full=1500))
    @given(one=changes, other=changes)
    def check(one: set[tuple[str, int]], other: set[tuple[str, int]]) -> None:
        _check_told_apart(_results(_changed(one), store), _results(_changed(other), store))

    check()
    # Most fields shape something: were the results not looked at, nothing would be told apart.
    assert told_apart > len(OTHERS) * 0.8
    figure("fields of a brief", len(OTHERS))
    figure("single changes that change a result", told_apart)


def test_where_a_file_lies_is_no_part_of_any_hash(tmp_path: Path) -> None:
    store = LocalArtifactStore(tmp_path)
    elsewhere = {
        "videos": {"intro": "other/clips/intro.mp4", "win": "w.mp4", "lose": "deep/er/lose.webm"},
        "button": {"click_sound_uri": "sounds/click.wav"},
        "branding": {"logo_uri": "images/logo.jpg"},
    }
    contents = {field: field.encode() for field in Brief.model_validate(BRIEF).file_references()}

    here = _calls(BRIEF, store, contents=contents)
    there = _calls(merge_patch(dict(BRIEF), elsewhere), store, contents=contents)

    assert {name: call.input_hash for name, call in here.items()} == {
        name: call.input_hash for name, call in there.items()
    }


def test_what_lies_in_a_file_is_part_of_the_hash_of_each_step_that_reads_it(tmp_path: Path) -> None:
    store = LocalArtifactStore(tmp_path)
    fields = Brief.model_validate(BRIEF).file_references()
    contents = {field: field.encode() for field in fields}
    plain = _calls(BRIEF, store, contents=contents)

    for field in fields:
        changed = _calls(BRIEF, store, contents={**contents, field: b"other bytes"})

        moved = {name for name in plain if plain[name].input_hash != changed[name].input_hash}
        assert moved == (
            {"game_config", "campaign_manifest"} if field == "branding.logo_uri" else {"campaign_manifest"}
        )


def _examples(count: int) -> Callable[[Callable[[], None]], Callable[[], None]]:
    return settings(max_examples=count, deadline=None, database=None, derandomize=True)


def _hash(params: dict[str, Any]) -> str:
    return input_hash("skill", version="1", params=params, inputs={})


def _spelled_differently(value: Any, chance: random.Random) -> str:
    """Write a JSON value with its keys in another order and its numbers in another spelling."""
    if isinstance(value, dict):
        pairs = [f"{json.dumps(key)}:{_spelled_differently(child, chance)}" for key, child in value.items()]
        chance.shuffle(pairs)
        return "{" + " , ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_spelled_differently(child, chance) for child in value) + "]"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return json.dumps(value, ensure_ascii=chance.random() < 0.5)
    spellings = [repr(value), f"{value:.17e}", f"{float(value)!r}"]
    return chance.choice([spelling for spelling in spellings if float(spelling) == value])


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are one: numbers by value, truths apart from numbers, keys in any order."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        inner = next(
            (kind for kind in (field.annotation, *get_args(field.annotation)) if _is_model(kind)), None
        )
        if inner is None:
            yield path
        else:
            yield from _leaves(inner, f"{path}.")


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _changed(changes: set[tuple[str, int]]) -> dict[str, Any]:
    brief = dict(BRIEF)
    for name, place in sorted(changes):
        patch: Any = OTHERS[name][place]
        for part in reversed(name.split(".")):
            patch = {part: patch}
        brief = merge_patch(brief, patch)
    return brief


Result = tuple[str, bytes]


def _results(brief: Mapping[str, Any], store: LocalArtifactStore) -> dict[str, Result]:
    """Give each step's input hash, and what it would make; a brief that is refused has none."""
    try:
        references = Brief.model_validate(brief).file_references()
        contents = {field: path.encode() for field, path in references.items()}
        calls = _calls(brief, store, contents=contents)
        made = {name: calls[name].produce().data for name in ("game_config", "campaign_manifest")}
        # The music is made of nothing but its request, and a bundle of nothing but what its call holds.
        made["bgm"] = canonical_json(Brief.model_validate(brief).audio.request().model_dump(mode="json"))
    except Exception:  # noqa: BLE001  what the brief asks for is not to be had, in many ways
        return {}
    return {name: (calls[name].input_hash, data) for name, data in made.items()}


def _check_told_apart(one: Mapping[str, Result], other: Mapping[str, Result]) -> bool:
    apart = False
    for name in one.keys() & other.keys():
        (hash_of_one, made_of_one), (hash_of_other, made_of_other) = one[name], other[name]
        if made_of_one != made_of_other:
            assert hash_of_one != hash_of_other, name
            apart = True
    return apart


def _calls(
    brief: Mapping[str, Any], store: LocalArtifactStore, *, contents: Mapping[str, bytes]
) -> dict[str, StepCall]:
    read = Brief.model_validate(brief)
    files = {}
    for field, path in read.file_references().items():
        blob = store.put(contents[field])
        files[field] = StoredFile.of(Path(path), content_hash=blob.content_hash, size_bytes=blob.size_bytes)
    around = Surroundings(
        trigger=Trigger(
            tenant_id="demo",
            campaign_id="summer",
            template_id=read.template_id,
            brief=read.to_json(),
            overrides={},
            base_run_id=None,
            cache=CacheChoice(),
            launched_by="test",
            files=files,
            text=ProviderChoice(provider="template"),
            audio=ProviderChoice(provider="stub"),
        ),
        settings=Settings({}),
        store=store,
        first_built_at=lambda: NOW,
        built_at=NOW,
        access=Access(),
    )
    made = {name: _artifact(name, store) for name in ("game_config", "bgm", "game_bundle")}
    of_bundle = {name: made[name] for name in ("game_config", "bgm")}
    return {
        "game_config": game_config_call(around),
        "bgm": bgm_call(around),
        "game_bundle": game_bundle_call(around, **of_bundle),
        "campaign_manifest": campaign_manifest_call(around, **made),
    }


def _artifact(step_id: str, store: LocalArtifactStore) -> StoredArtifact:
    data = f"a {step_id}".encode()
    blob = store.put(data)
    record = ArtifactRecord(
        id="123e4567-e89b-12d3-a456-426614174000",
        run_id="123e4567-e89b-12d3-a456-426614174001",
        tenant_id="demo",
        skill_id=step_id,
        type=f"a/{step_id}",
        uri=store.uri(content_hash(data)),
        content_hash=blob.content_hash,
        size_bytes=blob.size_bytes,
        filename=None,
        metadata={"loop": {"start_sec": 0.0, "end_sec": 10.0}, "metadata": {"format": "mp3"}},
        created_at=NOW,
        updated_at=NOW,
    )
    return StoredArtifact(record, data)
