"""JSON Schemas of the models, for editors and for other systems.

Belongs here: which schemas are published under which name, and writing them by
`python -m campaign_pipeline.model.schemas DIR`.
Does not belong here: the rules themselves; they are read from the models.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.bundle import BundleManifest
from campaign_pipeline.model.campaign import CampaignManifest
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.game_config import GameConfig
from campaign_pipeline.model.values import StrictModel

PUBLISHED: dict[str, type[BaseModel]] = {
    "brief": Brief,
    "game-config": GameConfig,
    "bundle-manifest": BundleManifest,
    "campaign-manifest": CampaignManifest,
}


class _AbsentNotNull(GenerateJsonSchema):
    """An optional key is left out, never null: so say the models, and so does the schema."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def encode_default(self, dft: Any) -> Any:
        return dft.to_json() if isinstance(dft, StrictModel) else super().encode_default(dft)


def published_schema(name: str) -> JsonObject:
    """Give a published schema by its name, such as `brief`."""
    model = PUBLISHED[name]
    schema = model.model_json_schema(schema_generator=_AbsentNotNull)
    return {"$schema": GenerateJsonSchema.schema_dialect, "$id": f"{name}.schema.json", **schema}


def write_schemas(folder: Path) -> list[Path]:
    """Write every published schema into a folder and name the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in PUBLISHED:
        path = folder / f"{name}.schema.json"
        text = json.dumps(published_schema(name), indent=2, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
        written.append(path)
    return written


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and its one argument
        sys.exit("usage: python -m campaign_pipeline.model.schemas DIR")
    for _path in write_schemas(Path(sys.argv[1])):
        sys.stdout.write(f"{_path}\n")
