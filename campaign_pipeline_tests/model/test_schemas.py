"""The published schemas against the models."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from campaign_pipeline.model.merge import merge_patch
from campaign_pipeline.model.schemas import PUBLISHED, published_schema
from campaign_pipeline_tests.model.artifacts import BUNDLE_MANIFEST, GAME_CONFIG, MANIFEST
from campaign_pipeline_tests.model.samples import FULL, SMALLEST, WRONG

REPOSITORY = Path(__file__).parents[2]

SAMPLES: dict[str, list[Mapping[str, Any]]] = {
    "brief": [SMALLEST, FULL],
    "game-config": [GAME_CONFIG],
    "bundle-manifest": [BUNDLE_MANIFEST],
    "campaign-manifest": [MANIFEST],
}

# What holds between two values, or needs a table of the world: a schema cannot say it.
BEYOND_A_SCHEMA = {
    "button out of the frame",
    "end before the start",
    "day that is none",
    "region allowed and excluded",
    "another win rate",
    "two outcome modes",
    "bad colour",
    "translucent colour",
    "colour that breaks out",
    "cron with an hour too late",
    "cron with four fields",
    "time zone that is none",
    "reserved metadata",
    "not a number in metadata",
    "integer beyond JSON",
    "bidi override in mechanics",
    "empty title",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_schema_is_what_the_model_says(name: str) -> None:
    published = json.loads((REPOSITORY / "docs" / "schemas" / f"{name}.schema.json").read_text("utf-8"))

    assert published == published_schema(name), "run `make schemas`"


def test_a_key_that_is_not_acted_on_says_so_in_the_schema() -> None:
    schema = published_schema("brief")

    rebuild = schema["properties"]["rebuild"]
    assert rebuild["description"].endswith("Checked and kept, but not acted on by this version.")


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_schema_is_a_schema_without_a_host_and_with_descriptions(name: str) -> None:
    schema = published_schema(name)

    Draft202012Validator.check_schema(schema)
    assert "://" not in schema["$id"]
    assert schema["description"]
    assert all(part["description"] for part in schema.get("$defs", {}).values() if part["type"] == "object")


@pytest.mark.parametrize(("name", "sample"), [(name, sample) for name in SAMPLES for sample in SAMPLES[name]])
def test_a_schema_takes_what_its_model_takes(name: str, sample: Any) -> None:
    PUBLISHED[name].model_validate(dict(sample))

    assert list(Draft202012Validator(published_schema(name)).iter_errors(sample)) == []


@pytest.mark.parametrize("wrong", sorted(set(WRONG) - BEYOND_A_SCHEMA))
def test_the_schema_of_a_brief_refuses_what_the_model_refuses(wrong: str) -> None:
    patched = merge_patch(dict(SMALLEST), WRONG[wrong][0])

    assert not Draft202012Validator(published_schema("brief")).is_valid(patched)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_schema_refuses_null_for_an_optional_key(name: str) -> None:
    assert "null" not in json.dumps(published_schema(name))


def test_the_command_writes_every_schema(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "campaign_pipeline.model.schemas", str(tmp_path)]

    subprocess.run(command, check=True, cwd=REPOSITORY, stdout=subprocess.PIPE)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"{name}.schema.json" for name in PUBLISHED
    )
