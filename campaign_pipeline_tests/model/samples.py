"""Briefs to test with: the smallest one that is right, and what makes it wrong."""

from collections.abc import Mapping
from typing import Any

from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.merge import merge_patch

SMALLEST: Mapping[str, Any] = {
    "campaign_name": "Summer",
    "template_id": "spin_wheel_v1",
    "theme": "neon_arcade",
    "difficulty": "easy",
    "audio": {"prompt": "sunny"},
    "videos": {"intro": "clips/intro.mp4", "win": "clips/win.mp4", "lose": "clips/lose.mp4"},
}

FULL: Mapping[str, Any] = {
    **SMALLEST,
    "campaign_id": "summer",
    "tenant": "demo",
    "version": "2.1.0-beta.1",
    "difficulty": {"level": "hard", "win_probability": 0.25, "parameters": {"extra_turns": 3}},
    "locale": "de-AT",
    "duration_sec": 45.5,
    "colors": {"primary": "#ff0000", "background": "#001122"},
    "mechanics": {"min_turns": 4},
    "outcome_mode": "host_supplied",
    "copy": {"title": "Dreh mit 🎡", "instructions": "Los!", "win_message": "Ja", "lose_message": "Nein"},
    "assets": {"background": "images/beach.png"},
    "audio": {
        "prompt": "sunny\nand slow",
        "genre": "tropical",
        "mood": "happy",
        "energy_level": 0.7,
        "bpm": 112,
        "duration_sec": 30,
        "loopable": False,
        "format": "wav",
        "bitrate_kbps": 128,
        "sample_rate": 48000,
        "channels": 1,
        "seed": 7,
        "provider": "synth",
        "model": "one",
        "fallback": ["stub"],
    },
    "text": {"provider": "template"},
    "videos": {
        "intro": "clips/intro.mp4",
        "win": "https://cdn.example/win.mp4",
        "lose": "s3://bucket/lose.mp4",
    },
    "button": {
        "bounds": {"x": 0.1, "y": 0.2, "width": 0.9, "height": 0.8},
        "mask_polygon": [[0, 0], [1, 0], [0.5, 1]],
        "hover_effect": "glow",
        "click_sound_uri": "sounds/click.mp3",
    },
    "outcome_redirect": {"win_url": "https://shop.example/win?a=1", "delay_ms": 0},
    "rules": {
        "active": False,
        "start_date": "2026-06-01",
        "end_date": "2026-08-31T23:59:59+02:00",
        "max_plays_per_user": 3,
        "global_win_rate": 0.25,
        "require_login": True,
        "allowed_regions": ["DE", "AT"],
        "excluded_regions": ["CH"],
        "rate_limiting": {"per_minute": 5},
    },
    "analytics": {"enabled": False, "tracking_id": "UA-1", "events": ["game_started"]},
    "branding": {
        "brand_name": "Solana",
        "logo_uri": "images/logo.png",
        "colors": {"primary": "#123456"},
        "font_family": "Inter",
    },
    "metadata": {"team": {"name": "growth", "ids": [1, 2, None]}},
    "rebuild": {"cron": "0 6 * * mon-fri", "timezone": "Europe/Berlin"},
}

WRONG: Mapping[str, tuple[Mapping[str, Any], str]] = {
    # what is wrong: the merge patch that makes it so, and what the message must say
    "probability above one": (
        {"difficulty": {"level": "easy", "win_probability": 1.2}},
        "difficulty.win_probability: 1.2 found; a number from 0 to 1 is expected",
    ),
    "probability as text": (
        {"difficulty": {"level": "easy", "win_probability": "0.3"}},
        "difficulty.win_probability: '0.3' found; a number",
    ),
    "probability as a truth": (
        {"difficulty": {"level": "easy", "win_probability": True}},
        "difficulty.win_probability: true found",
    ),
    "difficulty that is none": (
        {"difficulty": "insane"},
        "difficulty.level: 'insane' found; 'easy', 'medium' or 'hard' is expected",
    ),
    "difficulty as a number": ({"difficulty": 3}, "difficulty: 3 found; a mapping is expected"),
    "negative duration": ({"duration_sec": -1}, "duration_sec: -1 found; a number above 0 is expected"),
    "duration of nothing": ({"duration_sec": 0}, "duration_sec: 0 found"),
    "unknown key": ({"themes": "neon"}, "themes: unknown key; did you mean theme?"),
    "unknown key in a section": ({"audio": {"promt": "x"}}, "audio.promt: unknown key; did you mean prompt?"),
    "unknown key two levels down": (
        {"button": {"bounds": {"heigth": 0.1}}},
        "button.bounds.heigth: unknown key; did you mean height?",
    ),
    "unknown key in branding colours": (
        {"branding": {"brand_name": "B", "colors": {"primery": "red"}}},
        "branding.colors.primery: unknown key; did you mean primary?",
    ),
    "key that stands deeper down": ({"bpm": 120}, "bpm: unknown key; did you mean audio.bpm?"),
    "key that nearly stands deeper down": ({"bmp": 120}, "bmp: unknown key; did you mean audio.bpm?"),
    "key that stands deeper down twice": (
        {"provider": "stub"},
        "provider: unknown key; did you mean audio.provider or text.provider?",
    ),
    "key that stands deeper down in its section": (
        {"button": {"width": 0.5}},
        "button.width: unknown key; did you mean bounds.width?",
    ),
    "key that is like nothing": ({"zzz": 1}, "zzz: unknown key; analytics, assets, audio, branding, "),
    "attribute name for a key": ({"texts": {"title": "x"}}, "texts: unknown key; did you mean text?"),
    "missing section": ({"audio": None}, "audio: nothing found; a value is required"),
    "list for a section": ({"audio": ["x"]}, "audio: a list found; a mapping is expected"),
    "truth as text": (
        {"audio": {"loopable": "yes"}},
        "audio.loopable: 'yes' found; true or false is expected",
    ),
    "fraction for a count": ({"audio": {"seed": 1.5}}, "audio.seed: 1.5 found; a whole number is expected"),
    "tempo too fast": ({"audio": {"bpm": 201}}, "audio.bpm: 201 found; a number of at most 200"),
    "music too short": (
        {"audio": {"duration_sec": 9.9}},
        "audio.duration_sec: 9.9 found; a number of at least 10",
    ),
    "mood that is none": ({"audio": {"mood": "angry"}}, "audio.mood: 'angry' found; 'happy', 'sad'"),
    "provider that is none": ({"audio": {"provider": "spotify"}}, "audio.provider: 'spotify' found; 'synth'"),
    "bad colour": ({"colors": {"primary": "bluish"}}, "colors.primary: 'bluish' found; a CSS colour"),
    "translucent colour": (
        {"colors": {"accent": "#ff000080"}},
        "colors.accent: '#ff000080' found; an opaque",
    ),
    "colour that breaks out": ({"colors": {"accent": "red;}</style>"}}, "colors.accent"),
    "title of 10,000 characters": (
        {"copy": {"title": "a" * 10_000}},
        "(10000 characters) found; at most 60 characters are expected",
    ),
    "empty title": ({"copy": {"title": "  "}}, "copy.title: '  ' found; text that is not empty is expected"),
    "bidi override in a title": (
        {"copy": {"title": "free\u202egnp"}},
        "copy.title: bidi control U+202E at character 5 found; plain text on one line is expected",
    ),
    "bidi isolate in a message": (
        {"copy": {"win_message": "\u2066x"}},
        "copy.win_message: bidi control U+2066",
    ),
    "null character": ({"copy": {"lose_message": "a\0b"}}, "control character U+0000 at character 2"),
    "line break in a title": ({"copy": {"title": "a\nb"}}, "copy.title: control character U+000A"),
    "bidi override in mechanics": (
        {"mechanics": {"segments": [{"label": "\u202ex"}]}},
        "mechanics.segments[0].label: bidi control U+202E",
    ),
    "path up": (
        {"videos": {"intro": "../secret.mp4"}},
        "videos.intro: '../secret.mp4' found; a path relative",
    ),
    "path up in the middle": ({"videos": {"intro": "a/../../b.mp4"}}, "videos.intro"),
    "absolute path": ({"videos": {"win": "/etc/passwd"}}, "videos.win: '/etc/passwd' found; a path relative"),
    "drive path": ({"videos": {"win": "C:\\x.mp4"}}, "videos.win"),
    "empty path": ({"videos": {"lose": ""}}, "videos.lose: '' found"),
    "folder as a path": ({"videos": {"lose": "clips/"}}, "videos.lose: 'clips/' found"),
    "script as an address": ({"videos": {"lose": "javascript:alert(1)"}}, "videos.lose"),
    "address without a host": ({"videos": {"lose": "https:///x.mp4"}}, "videos.lose"),
    "address with a password": (
        {"videos": {"lose": "https://me:hush@cdn/x.mp4"}},
        "'https://…@cdn/x.mp4' found",
    ),
    "bucket without a key": ({"videos": {"lose": "s3://bucket/"}}, "videos.lose"),
    "asset from the network": (
        {"assets": {"background": "https://cdn/x.png"}},
        "a bundle plays without a network",
    ),
    "script as a redirect": ({"outcome_redirect": {"win_url": "javascript:x"}}, "outcome_redirect.win_url"),
    "button out of the frame": (
        {"button": {"bounds": {"x": 0.9}}},
        "button.bounds: x + width is 1.3; at most 1",
    ),
    "button without height": ({"button": {"bounds": {"height": 0}}}, "button.bounds.height: 0 found"),
    "polygon of two points": (
        {"button": {"mask_polygon": [[0, 0], [1, 1]]}},
        "button.mask_polygon: a list found",
    ),
    "point out of the frame": (
        {"button": {"mask_polygon": [[0, 0], [1, 2], [0, 1]]}},
        "button.mask_polygon[1]",
    ),
    "end before the start": (
        {"rules": {"start_date": "2026-06-02", "end_date": "2026-06-02T01:00:00+02:00"}},
        "rules: start_date 2026-06-02 is not before end_date",
    ),
    "day that is none": ({"rules": {"start_date": "2026-02-30"}}, "rules.start_date: '2026-02-30' found"),
    "region allowed and excluded": (
        {"rules": {"allowed_regions": ["DE"], "excluded_regions": ["DE"]}},
        "rules: 'DE' is in allowed_regions and in excluded_regions",
    ),
    "no plays": ({"rules": {"max_plays_per_user": 0}}, "rules.max_plays_per_user: 0 found"),
    "another win rate": (
        {"difficulty": {"level": "easy", "win_probability": 0.4}, "rules": {"global_win_rate": 0.5}},
        "rules.global_win_rate: 0.5 found; 0.4, the game's win_probability, is expected",
    ),
    "two outcome modes": (
        {"outcome_mode": "host_supplied", "mechanics": {"outcome_mode": "client_demo"}},
        "outcome_mode host_supplied and mechanics.outcome_mode client_demo differ",
    ),
    "version as a number": ({"version": 1.0}, "version: 1.0 found; a version such as 1.0.0 is expected"),
    "language in words": ({"locale": "english please"}, "locale: 'english please' found; a language tag"),
    "cron with an hour too late": (
        {"rebuild": {"cron": "0 25 * * *"}},
        "rebuild.cron: '0 25 * * *' found; for the hour",
    ),
    "cron with four fields": ({"rebuild": {"cron": "0 1 * *"}}, "rebuild.cron: '0 1 * *' found; five fields"),
    "time zone that is none": (
        {"rebuild": {"cron": "0 1 * * *", "timezone": "Mars/Base"}},
        "rebuild.timezone: 'Mars/Base' found; a time zone",
    ),
    "reserved metadata": (
        {"metadata": {"artifacts": {}}},
        "metadata: the key artifacts is the manifest's own",
    ),
    "not a number in metadata": (
        {"metadata": {"a": [float("nan")]}},
        "metadata.a[0]: nan found; a finite number",
    ),
    "integer beyond JSON": ({"metadata": {"a": 2**53}}, "metadata.a: 9.007199e+15 found"),
    "template as a path": ({"template_id": "../x"}, "template_id: '../x' found; a name"),
    "tenant that is no slug": ({"tenant": "Demo Ltd"}, "tenant: 'Demo Ltd' found; a slug"),
}


def raw_brief(**changes: Any) -> dict[str, Any]:
    """Give the smallest brief as it is written, changed by a merge patch."""
    merged: dict[str, Any] = merge_patch(dict(SMALLEST), changes)
    return merged


def brief(**changes: Any) -> Brief:
    """Give the smallest brief, changed by a merge patch."""
    return Brief.model_validate(raw_brief(**changes))
