"""Skill: a playable bundle from a game's configuration, its template and its music.

Belongs here: which files a bundle has, what its manifest says of them, how large it may be.
Does not belong here: how a zip is written (skills.archive), a page is filled (skills.page), images (skills.images).
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.games.template import LOGO_FIELD, LOGO_SLOT, PAGE, Template
from campaign_pipeline.model.audio import AudioFormat, LoopPoints
from campaign_pipeline.model.bundle import BundleManifest
from campaign_pipeline.model.digest import (
    ContentHash,
    JsonObject,
    canonical_hash,
    canonical_json,
    content_hash,
)
from campaign_pipeline.model.game_config import BundledGameConfig, GameConfig
from campaign_pipeline.skills.archive import archive_time, reproducible_zip
from campaign_pipeline.skills.images import rewritten_image
from campaign_pipeline.skills.page import fill_page

SKILL_ID = "bundle_game_template"
VERSION = "1.0.0"

CONFIG_FILE = "game_config.json"
MANIFEST_FILE = "bundle_manifest.json"
BYTES_PER_MB = 1_000_000
"""The smaller of the two megabytes: what fits by it fits every network's limit."""

_MUSIC_TYPES: dict[AudioFormat, str] = {"mp3": "audio/mpeg", "wav": "audio/wav"}
_CONTENT_TYPES = {
    "html": "text/html",
    "json": "application/json",
    "js": "text/javascript",
    "css": "text/css",
    "png": "image/png",
    "jpg": "image/jpeg",
}
_LARGEST_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class GameBundle:
    """A bundle's bytes and what lies in it."""

    data: bytes
    manifest: BundleManifest


@dataclass(frozen=True, kw_only=True)
class _Asset:
    """A file of the bundle that is named by what it holds."""

    path: str
    data: bytes


def params(
    *, template: Template, loop: LoopPoints, track_format: AudioFormat, max_bundle_mb: float
) -> JsonObject:
    """Name what shapes the bundle besides the configuration and the music, which are its inputs."""
    slots = {name: slot.to_json() for name, slot in template.spec.assets.slots.items()}
    return {
        "template": {"id": template.template_id, "version": template.version, "digest": template.code_digest},
        "slots": {name: {"types": slot["types"], "max_px": slot["max_px"]} for name, slot in slots.items()},
        "loop": loop.model_dump(mode="json"),
        "track_format": track_format,
        "max_bundle_mb": max_bundle_mb,
    }


def bundle_game_template(
    config: GameConfig,
    *,
    template: Template,
    track: bytes,
    track_format: AudioFormat,
    loop: LoopPoints,
    read_asset: Callable[[ContentHash], bytes],
    epoch: int | None,
    max_bundle_mb: float,
) -> GameBundle:
    """Put a game, its configuration, its images and its music into one reproducible zip.

    Args:
        config: The configuration, its visuals.assets naming content hashes.
        template: The game.
        track: The encoded music file.
        track_format: What the track is encoded as.
        loop: Where the loop lies in the decoded track.
        read_asset: Reads a file of the brief's from the store.
        epoch: SOURCE_DATE_EPOCH, which dates the files; without it they are of 1980-01-01.
        max_bundle_mb: What the whole zip may come to, in units of 1,000,000 bytes.

    Raises:
        CampaignError: VALIDATION_ERROR for an asset that is no usable image, BUNDLE_TOO_LARGE.
    """
    music = _music_script(track, media_type=_MUSIC_TYPES[track_format])
    images = dict(_images(config, template=template, read_asset=read_asset))
    bundled = _bundled_config(config, music=music, loop=loop, images=images)
    files = _files(template, bundled, assets=[music, *images.values()])
    manifest = _manifest(config, files, music=music, images=images, created_at=archive_time(epoch))
    data = reproducible_zip({**files, MANIFEST_FILE: canonical_json(manifest.to_json())}, epoch=epoch)
    _check_size(data, files, music=music, max_bundle_mb=max_bundle_mb)
    return GameBundle(data=data, manifest=manifest)


def _asset(data: bytes, *, extension: str) -> _Asset:
    return _Asset(path=f"assets/{hashlib.sha256(data).hexdigest()[:12]}.{extension}", data=data)


def _music_script(track: bytes, *, media_type: str) -> _Asset:
    """Wrap the music in a classic script: the one form that plays from file:// and in a sandboxed frame alike."""
    encoded = base64.b64encode(track).decode("ascii")
    script = f'window.CampaignMusic={{"mime":"{media_type}","base64":"{encoded}"}};'
    return _asset(script.encode("ascii"), extension="js")


def _images(
    config: GameConfig, *, template: Template, read_asset: Callable[[ContentHash], bytes]
) -> Iterator[tuple[str, _Asset]]:
    for name, digest in sorted(config.visuals.assets.items()):
        slot = template.spec.assets.slots[name]
        image = rewritten_image(
            read_asset(digest), field=_brief_field(name), types=slot.types, max_px=slot.max_px
        )
        yield name, _asset(image.data, extension=image.extension)


def _brief_field(slot: str) -> str:
    """Name the field of a brief that a slot is filled from; a configuration does not tell which of two it was."""
    return f"assets.{slot} or {LOGO_FIELD}" if slot == LOGO_SLOT else f"assets.{slot}"


def _bundled_config(
    config: GameConfig, *, music: _Asset, loop: LoopPoints, images: Mapping[str, _Asset]
) -> BundledGameConfig:
    content = config.to_json()
    content["audio"]["bgm"] |= {
        "uri": music.path,
        "loop_start_sec": loop.start_sec,
        "loop_end_sec": loop.end_sec,
    }
    content["visuals"]["assets"] = {slot: image.path for slot, image in images.items()}
    return BundledGameConfig.model_validate(content)


def _files(template: Template, config: BundledGameConfig, *, assets: list[_Asset]) -> dict[str, bytes]:
    content = config.to_json()
    files = dict(template.page_files())
    files[PAGE] = fill_page(
        files[PAGE], config=content, title=config.texts.title, locale=config.settings.locale
    )
    files[CONFIG_FILE] = canonical_json(content)
    return {**files, **{asset.path: asset.data for asset in assets}}


def _manifest(
    config: GameConfig,
    files: Mapping[str, bytes],
    *,
    music: _Asset,
    images: Mapping[str, _Asset],
    created_at: datetime,
) -> BundleManifest:
    hashes = {path: content_hash(files[path]) for path in sorted(files)}
    checksum = canonical_hash(
        [{"path": path, "size": len(files[path]), "sha256": digest} for path, digest in hashes.items()]
    )
    return BundleManifest.model_validate(
        {
            "bundle_id": checksum,
            "template_id": config.template_id,
            "version": config.version,
            "created_at": created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "files": [
                {
                    "path": path,
                    "size_bytes": len(files[path]),
                    "content_type": _CONTENT_TYPES[path.rpartition(".")[2]],
                    "checksum": digest.removeprefix("sha256:")[:16],
                }
                for path, digest in hashes.items()
            ],
            "entry_point": PAGE,
            "assets": {
                "images": sorted({image.path for image in images.values()}),
                "audio": [music.path],
                "video": [],
                "models": [],
                "configs": [CONFIG_FILE],
            },
            "checksum": checksum,
            "metadata": {
                "total_size_bytes": sum(map(len, files.values())),
                "file_count": len(files),
                "optimizations_applied": ["images_rewritten"] if images else [],
            },
        }
    )


def _check_size(data: bytes, files: Mapping[str, bytes], *, music: _Asset, max_bundle_mb: float) -> None:
    if len(data) <= max_bundle_mb * BYTES_PER_MB:
        return
    largest = sorted(files, key=lambda path: len(files[path]), reverse=True)[:_LARGEST_NAMED]
    named = ", ".join(
        f"{'music' if path == music.path else path} {len(files[path]) / BYTES_PER_MB:.2f} MB"
        for path in largest
    )
    message = (
        f"game_bundle: {len(data) / BYTES_PER_MB:.2f} MB found (largest: {named}); at most {max_bundle_mb:g} MB is "
        "expected, set by CAMPAIGN_MAX_BUNDLE_MB. Music gets smaller by audio.format mp3, a lower "
        "audio.bitrate_kbps or a shorter audio.duration_sec, images by smaller files"
    )
    raise CampaignError(ErrorCode.BUNDLE_TOO_LARGE, message)
