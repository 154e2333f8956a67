"""Dagster, carrying runs to the pipeline."""
