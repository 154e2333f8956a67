"""Tests of the way from a brief to a recorded run."""
