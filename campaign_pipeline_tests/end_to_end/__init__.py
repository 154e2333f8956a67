"""The whole pipeline, as users run it."""
