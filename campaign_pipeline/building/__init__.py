"""The way through the house: from an order to a recorded run, one step at a time.

Belongs here: reading briefs, settling triggers, calling skills through the cache, publishing what they made.
Does not belong here: Dagster (orchestration), SQL (storage), or what a skill does (skills).
"""
