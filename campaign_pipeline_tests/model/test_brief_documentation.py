"""docs/brief.md against the model, the published schema and the template that it describes."""

import json
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from campaign_pipeline.building.yaml_text import read_yaml
from campaign_pipeline.games.catalogue import load_template
from campaign_pipeline.model.brief import Brief
from campaign_pipeline_tests.workplace import REPOSITORY

DOCUMENT = (REPOSITORY / "docs" / "brief.md").read_text(encoding="utf-8")
SCHEMA = json.loads((REPOSITORY / "docs" / "schemas" / "brief.schema.json").read_text(encoding="utf-8"))

OF_THE_BRIEF, _, OF_THE_TEMPLATE = DOCUMENT.partition("## The template `spin_wheel_v1`")


def keys(schema: dict[str, Any], *, above: str = "") -> Iterator[str]:
    """Give every key of a schema and of the mappings in it, as a dotted path."""
    for name, part in schema.get("properties", {}).items():
        yield above + name
        for choice in (part, *part.get("anyOf", ())):
            if "$ref" in choice:
                yield from keys(SCHEMA["$defs"][choice["$ref"].split("/")[-1]], above=f"{above}{name}.")


def example() -> Any:
    blocks: list[str] = re.findall(r"```yaml\n(.*?)```", OF_THE_TEMPLATE, flags=re.DOTALL)
    return read_yaml(blocks[-1])


def table_row(first: str) -> list[str]:
    [row] = re.findall(rf"^\| `{first}` \|(.*)\|$", OF_THE_TEMPLATE, flags=re.MULTILINE)
    return [cell.strip(" `") for cell in row.split("|")]


def test_every_key_of_a_brief_has_its_line_and_no_line_is_about_a_key_that_is_none() -> None:
    told = re.findall(r"^\| `([a-z_.]+)` \|", OF_THE_BRIEF, flags=re.MULTILINE)

    assert len(told) == len(set(told))
    assert set(told) == set(keys(SCHEMA))


def test_a_key_is_called_required_where_it_is() -> None:
    told = re.findall(r"^\| `([a-z_]+)` \|[^|]*\| \*\*required\*\* \|", OF_THE_BRIEF, flags=re.MULTILINE)

    assert set(told) == set(SCHEMA["required"])


def test_the_example_is_a_brief_that_its_template_takes() -> None:
    brief = Brief.model_validate(example())

    load_template(brief.template_id).check_brief(brief)

    assert list(Draft202012Validator(SCHEMA).iter_errors(example())) == []


def test_themes_and_levels_are_those_of_the_template() -> None:
    spec = load_template("spin_wheel_v1").spec

    assert {name: table_row(name) for name in spec.themes} == {
        name: list(theme.colors.to_json().values()) for name, theme in spec.themes.items()
    }
    for name, level in spec.difficulty.items():
        parameters = level.parameters
        numbers = [level.win_probability, parameters["extra_turns"], parameters["deceleration"]]
        assert [float(cell) for cell in table_row(name)] == numbers


def test_mechanics_and_slots_are_those_of_the_template() -> None:
    spec = load_template("spin_wheel_v1").spec

    for name in (*spec.mechanics.rules["properties"], *spec.assets.slots):
        assert f"`{name}`" in OF_THE_TEMPLATE
    for name in ("spin_duration_ms", "min_turns", "outcome_mode"):
        assert table_row(name)[1] == str(spec.mechanics.defaults[name])
