"""What makes two invocations the same, and who may reuse a result."""

import math

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import content_hash
from campaign_pipeline.storage.hashing import cache_key, input_hash

TRACK = content_hash(b"a track")
CONFIG = content_hash(b"a config")
HASH = content_hash(b"an invocation")
ROOT = "11111111-1111-4111-8111-111111111111"
OTHER_ROOT = "22222222-2222-4222-8222-222222222222"


def test_key_order_and_number_spelling_are_free() -> None:
    one = input_hash("s", version="1", params={"bpm": 120, "mood": "epic"}, inputs={"a": TRACK, "b": CONFIG})
    other = input_hash(
        "s", version="1", params={"mood": "epic", "bpm": 120.0}, inputs={"b": CONFIG, "a": TRACK}
    )

    assert one == other


def test_whatever_shapes_the_result_changes_the_hash() -> None:
    hashes = {
        input_hash("s", version="1", params={"bpm": 120}, inputs={"a": TRACK}),
        input_hash("t", version="1", params={"bpm": 120}, inputs={"a": TRACK}),
        input_hash("s", version="2", params={"bpm": 120}, inputs={"a": TRACK}),
        input_hash("s", version="1", params={"bpm": 121}, inputs={"a": TRACK}),
        input_hash("s", version="1", params={"bpm": "120"}, inputs={"a": TRACK}),
        input_hash("s", version="1", params={"bpm": 120}, inputs={"a": CONFIG}),
        input_hash("s", version="1", params={"bpm": 120}, inputs={"b": TRACK}),
    }

    assert len(hashes) == 7


@pytest.mark.parametrize("value", [math.nan, math.inf, b"bytes", 2**60, {1: "not a text"}])
def test_a_parameter_that_json_cannot_carry_is_refused(value: object) -> None:
    with pytest.raises(CampaignError, match="params of s") as refused:
        input_hash("s", version="1", params={"value": value}, inputs={})

    assert refused.value.code is ErrorCode.VALIDATION_ERROR


def test_an_input_that_is_no_hash_is_refused_by_name() -> None:
    with pytest.raises(CampaignError, match=r"inputs\.bgm: 'store/track\.mp3' found") as refused:
        input_hash("s", version="1", params={}, inputs={"bgm": "store/track.mp3"})

    assert refused.value.code is ErrorCode.INVALID_HASH


def test_a_key_is_bound_to_tenant_step_and_scope() -> None:
    keys = {
        cache_key(HASH, tenant_id="demo", step_id="bgm", scope="global"),
        cache_key(HASH, tenant_id="acme", step_id="bgm", scope="global"),
        cache_key(HASH, tenant_id="demo", step_id="game_config", scope="global"),
        cache_key(HASH, tenant_id="demo", step_id="bgm", scope="run_only", root_run_id=ROOT),
        cache_key(HASH, tenant_id="demo", step_id="bgm", scope="run_only", root_run_id=OTHER_ROOT),
    }

    assert len(keys) == 5


def test_the_root_run_is_no_part_of_a_global_key() -> None:
    one = cache_key(HASH, tenant_id="demo", step_id="bgm", scope="global", root_run_id=ROOT)
    other = cache_key(HASH, tenant_id="demo", step_id="bgm", scope="global", root_run_id=OTHER_ROOT)

    assert one == other


def test_a_run_only_key_needs_its_root_run() -> None:
    with pytest.raises(CampaignError, match="root_run_id: scope run_only needs one"):
        cache_key(HASH, tenant_id="demo", step_id="bgm", scope="run_only")


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(CampaignError, match="scope: 'everyone' found"):
        cache_key(HASH, tenant_id="demo", step_id="bgm", scope="everyone")  # type: ignore[arg-type]  # that is the test
