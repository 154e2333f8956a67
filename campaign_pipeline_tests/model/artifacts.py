"""One right artifact of each kind, as JSON."""

from typing import Any

DIGEST = "sha256:" + "0" * 64

GAME_CONFIG: dict[str, Any] = {
    "template_id": "spin_wheel_v1",
    "version": "1.0.0",
    "settings": {
        "duration_sec": 30.0,
        "difficulty": {"level": "easy", "win_probability": 0.5, "parameters": {"extra_turns": 1.0}},
        "locale": "en-US",
    },
    "visuals": {
        "theme": "neon_arcade",
        "colors": {
            "primary": "#000000",
            "secondary": "#111111",
            "accent": "#222222",
            "background": "#333333",
        },
        "assets": {"logo": DIGEST},
        "animations": {"glow": 0.5},
    },
    "audio": {
        "bgm": {"enabled": True, "volume": 0.5, "loop": True},
        "sfx": {"tick": {"volume": 0.1}},
    },
    "mechanics": {"min_turns": 4},
    "copy": {"title": "Spin", "instructions": "Go", "win_message": "Yes", "lose_message": "No"},
}

BUNDLE_MANIFEST: dict[str, Any] = {
    "bundle_id": DIGEST,
    "template_id": "spin_wheel_v1",
    "version": "1.0.0",
    "created_at": "1980-01-01T00:00:00Z",
    "files": [
        {"path": "index.html", "size_bytes": 3, "content_type": "text/html", "checksum": "0123456789abcdef"}
    ],
    "entry_point": "index.html",
    "assets": {"images": [], "audio": [], "video": [], "models": [], "configs": []},
    "checksum": DIGEST,
    "metadata": {"total_size_bytes": 3, "file_count": 1, "optimizations_applied": []},
}


def _reference(uri: str, kind: str) -> dict[str, Any]:
    return {"uri": uri, "type": kind, "size_bytes": 3, "checksum": DIGEST, "required": True}


MANIFEST: dict[str, Any] = {
    "manifest_version": "1.0.0",
    "campaign_id": "summer",
    "campaign_name": "Summer",
    "created_at": "2026-06-01T00:00:00Z",
    "updated_at": "2026-06-01T00:00:00Z",
    "version": "1.0.0",
    "assets": {
        "intro_video": _reference("sha256/00/0.mp4", "video"),
        "win_video": _reference("https://cdn.example/win.mp4", "video"),
        "lose_video": _reference("s3://bucket/lose.mp4", "video"),
        "game_bundle": _reference("sha256/00/1", "bundle"),
        "additional": [_reference("sha256/00/2", "audio")],
    },
    "interaction": {
        "button": {"bounds": {"x": 0.3, "y": 0.75, "width": 0.4, "height": 0.12}},
        "game_container": {"entry_point": "index.html", "config_path": "game_config.json"},
    },
    "flow": {
        "sequence": ["intro", "game", "outcome"],
        "intro_to_game_trigger": "button_click",
        "game_to_outcome_trigger": "game_complete",
        "outcome_redirect": {"delay_ms": 3000},
    },
    "rules": {"active": True, "require_login": False},
    "analytics": {"enabled": True, "events": ["game_started"]},
    "branding": {"brand_name": "Solana", "colors": {}},
    "metadata": {"artifacts": {}},
    "checksum": DIGEST,
}
