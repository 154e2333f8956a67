"""Tests of the pipeline; they mirror the package."""
