"""The ledger's migrations, run by Alembic.

Belongs here: the environment that Alembic runs them in, and under versions/ one file a revision, written by hand.
Does not belong here: when they run (schema). A new revision also moves `schema.HEAD`; a test holds both together.
"""
