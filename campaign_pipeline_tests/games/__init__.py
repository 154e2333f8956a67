"""Tests of the games, mirroring campaign_pipeline.games."""
