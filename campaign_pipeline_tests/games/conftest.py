"""Games on the browser's stage, from configurations that a test makes.

Belongs here: laying out a bundle that plays a configuration, and opening it.
Does not belong here: the browser and its stage (campaign_pipeline_tests.browser); what a game should do.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from campaign_pipeline_tests.browser import Stage
from campaign_pipeline_tests.games.harness import game_config, write_bundle

Framed = Callable[..., Stage]
Opened = Callable[..., Stage]


@pytest.fixture
def config() -> dict[str, Any]:
    """Return the configuration that the wheel's defaults lead to."""
    return game_config("spin_wheel_v1")


@pytest.fixture
def from_file(opened_file: Opened, tmp_path: Path) -> Opened:
    """Open a bundle as a double click on its index.html does."""

    def opened(
        config: Mapping[str, Any], *, images: Mapping[str, bytes] | None = None, real_time: bool = False
    ) -> Stage:
        return opened_file(write_bundle(tmp_path / "bundle", config, images=images), real_time=real_time)

    return opened


@pytest.fixture
def in_frame(framed_bundle: Framed, tmp_path: Path) -> Framed:
    """Open a bundle in a host's `<iframe sandbox="allow-scripts">` over http."""

    def framed(config: Mapping[str, Any], *, real_time: bool = False) -> Stage:
        write_bundle(tmp_path / "bundle", config)
        return framed_bundle(real_time=real_time)

    return framed
