"""Unpacked bundles for the games' tests, laid out as the contract says.

Belongs here: a configuration from a template's own defaults, the files of a bundle folder, a tone as music.
Does not belong here: the bundler, which has its own tests; what a test expects of a game.
"""

import base64
import hashlib
import importlib.resources
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml

GAMES = importlib.resources.files("campaign_pipeline") / "games"
RATE_HZ = 44_100
# Encoded before and after the loop, as the bundler's music has it; it is louder than the loop, so it would be seen.
ROLL_S = 0.1
LOOP_S = 1.0


def template(template_id: str) -> dict[str, Any]:
    """Read a template's declaration."""
    loaded = yaml.safe_load((GAMES / template_id / "template.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def game_config(template_id: str, *, theme: str | None = None, level: str = "medium") -> dict[str, Any]:
    """Make the configuration that a template's defaults alone lead to."""
    spec = template(template_id)
    look = spec["themes"][theme or next(iter(spec["themes"]))]
    return {
        "template_id": template_id,
        "version": spec["version"],
        "settings": {
            "duration_sec": spec["duration_sec"],
            "difficulty": {"level": level, **spec["difficulty"][level]},
            "locale": "en-US",
        },
        "visuals": {"theme": theme or next(iter(spec["themes"])), **look, "assets": {}},
        "audio": spec["audio"],
        "mechanics": spec["mechanics"]["defaults"],
        "copy": spec["copy"]["languages"]["en"],
    }


def tone_script() -> bytes:
    """Make a music script: one second of 220 Hz between a tenth of a second before and after it, as MP3."""
    frames = np.arange(int((LOOP_S + 2 * ROLL_S) * RATE_HZ))
    wave = 0.4 * np.sin(2 * np.pi * 220 * frames / RATE_HZ)
    encoded = io.BytesIO()
    soundfile.write(encoded, np.stack([wave, wave], axis=1), RATE_HZ, format="MP3")
    text = base64.b64encode(encoded.getvalue()).decode()
    return f'window.CampaignMusic={{"mime":"audio/mpeg","base64":"{text}"}};'.encode()


def write_bundle(
    folder: Path, config: Mapping[str, Any], *, images: Mapping[str, bytes] | None = None
) -> Path:
    """Write a bundle folder that plays `config` with a tone as its music.

    Args:
        images: PNG bytes by asset slot.

    Returns:
        The path of its index.html.
    """
    music = tone_script()
    files = {_asset(music, "js"): music}
    settings = json.loads(json.dumps(config))
    settings["audio"]["bgm"] |= {
        "uri": _asset(music, "js"),
        "loop_start_sec": ROLL_S,
        "loop_end_sec": ROLL_S + LOOP_S,
    }
    for slot, data in (images or {}).items():
        files[_asset(data, "png")] = data
        settings["visuals"]["assets"][slot] = _asset(data, "png")
    own = GAMES / settings["template_id"]
    for source in (GAMES / "runtime", own):
        for name in ("runtime.js", "runtime.css", "game.js", "style.css"):
            if (source / name).is_file():
                files[f"assets/{name}"] = (source / name).read_bytes()
    files["index.html"] = _page((own / "page.html").read_text(encoding="utf-8"), settings).encode()
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder / "index.html"


def _asset(data: bytes, extension: str) -> str:
    return f"assets/{hashlib.sha256(data).hexdigest()[:12]}.{extension}"


def _page(page: str, config: Mapping[str, Any]) -> str:
    tag = '<script type="application/json" id="game-config">'
    text = json.dumps(config, ensure_ascii=False, allow_nan=False)
    escaped = re.sub(r"[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)
    assert page.count(f"{tag}</script>") == 1
    return page.replace(f"{tag}</script>", f"{tag}{escaped}</script>")
