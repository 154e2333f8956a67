"""The environment, read and checked once, by call."""

from campaign_pipeline.settings.cache import CacheChoice, CacheField, CacheMode, CachePolicy
from campaign_pipeline.settings.environment import duration, invalid
from campaign_pipeline.settings.pipeline import Settings

__all__ = ["CacheChoice", "CacheField", "CacheMode", "CachePolicy", "Settings", "duration", "invalid"]
