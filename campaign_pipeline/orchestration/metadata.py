"""What a person sees of an artifact in the UI.

Belongs here: hit or miss and why, hashes, size, links, pictures; all of it from the artifact and its record, so that a
hit shows the same as the build that made it.
Does not belong here: anything that a build decides by.
"""

import base64
import json
import struct
import zlib
from collections.abc import Iterable
from typing import Any

import dagster as dg

from campaign_pipeline.building.analysis import StepAnalysis
from campaign_pipeline.building.build import StepOutcome
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.game_config import Palette
from campaign_pipeline.storage import ArtifactRecord, ArtifactStore, NewArtifact

_DOCUMENT_LIMIT_BYTES = 6000
"""Metadata is kept in every event row: an event stays under 10 KB (dagster-facts, 11)."""

_SWATCH_PX = (72, 40)


def of_step(outcome: StepOutcome) -> dict[str, Any]:
    """Say how the step came by its artifact: what a person asks first, in the words of every other place."""
    return StepAnalysis.of(outcome.step_id, outcome.diagnostics).labelled


def of_artifact(outcome: StepOutcome, builder: Builder) -> dict[str, Any]:
    """Say what the artifact weighs, what it took, and under which names it can be found again."""
    artifact = outcome.artifact
    shown: dict[str, Any] = {
        "size_bytes": dg.MetadataValue.int(artifact.size_bytes or 0),
        "step_duration_s": dg.MetadataValue.float(round(outcome.elapsed_s, 3)),
        "input hash": outcome.input_hash,
        "content hash": artifact.content_hash,
        "artifact id": artifact.id,
    }
    path = builder.store.path(artifact.content_hash)
    if path is not None:
        shown["file"] = dg.MetadataValue.path(path)
    if builder.settings.public_url:
        shown["link"] = dg.MetadataValue.url(f"{builder.settings.public_url}/{artifact.uri}")
    return shown


def of_document(data: bytes) -> dict[str, Any]:
    """Show a JSON document, whole where it is small, and the palette it paints with."""
    document = json.loads(data)
    shown: dict[str, Any] = {}
    colors = document.get("visuals", {}).get("colors")
    if colors:
        shown["palette"] = _palette({role: colors[role] for role in Palette.model_fields if role in colors})
    if len(data) <= _DOCUMENT_LIMIT_BYTES:
        shown["document"] = dg.MetadataValue.json(document)
    return shown


def of_file(artifact: ArtifactRecord | NewArtifact, store: ArtifactStore) -> dict[str, Any]:
    """Show the figures of a music track or a bundle, and the waveform where there is one."""
    known = artifact.metadata
    shown: dict[str, Any] = {}
    if "music" in known:
        shown["waveform"] = _picture(store.read(known["attachments"]["waveform"]), "waveform")
        shown |= _music(known)
    if "files" in known:
        shown["entry point"] = known["entry_point"]
        shown["files"] = dg.MetadataValue.md(_file_table(known["files"]))
    return shown


def palette_png(colors: list[str]) -> bytes:
    """Draw colours side by side.

    Args:
        colors: `#rrggbb`, drawn from left to right.

    Source:
        W3C PNG, third edition: one IHDR, one IDAT of unfiltered RGB rows, one IEND.
    """
    width, height = _SWATCH_PX
    row = b"\0" + b"".join(bytes.fromhex(color[1:]) * width for color in colors)
    header = struct.pack(">IIBBBBB", width * len(colors), height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * height, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _palette(colors: dict[str, str]) -> dg.MetadataValue[Any]:
    picture = _image(palette_png(list(colors.values())), "palette")
    return dg.MetadataValue.md(
        f"{picture}\n\n{_row(colors)}\n{'|---' * len(colors)}|\n{_row(colors.values())}"
    )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _music(known: JsonObject) -> dict[str, Any]:
    """Say in one line what is heard; what a provider does not tell is left out."""
    heard, loop = known["music"], known["loop"]
    told = (
        f"{known['metadata']['durationSec']:g} s",
        f"{heard['bpm']:g} bpm" if "bpm" in heard else None,
        heard.get("key"),
        heard.get("style"),
    )
    levels = {name: heard[name] for name in ("loudness_lufs", "true_peak_dbtp") if name in heard}
    return {
        "music": " · ".join(filter(None, told)),
        "loop": f"{loop['start_sec']:.3f} s to {loop['end_sec']:.3f} s",
        **{name: dg.MetadataValue.float(round(level, 2)) for name, level in levels.items()},
    }


def _picture(png: bytes, alt: str) -> dg.MetadataValue[Any]:
    return dg.MetadataValue.md(_image(png, alt))


def _image(png: bytes, alt: str) -> str:
    return f"![{alt}](data:image/png;base64,{base64.b64encode(png).decode()})"


def _file_table(files: list[dict[str, Any]]) -> str:
    rows = "\n".join(
        f"| {file['path']} | {file['content_type']} | {file['size_bytes']:,} |" for file in files
    )
    return f"| file | type | bytes |\n|---|---|---:|\n{rows}"
