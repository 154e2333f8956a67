"""The skills: one pure function a file, and what they need to themselves.

Belongs here: making each artifact from a brief, a template and earlier artifacts.
Does not belong here: Dagster, the database, and whether a skill need run at all (building).
"""
