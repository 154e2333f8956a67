"""What Alembic runs migrations in: the connection and transaction that the caller holds open.

Belongs here: how the ledger's tables are told from whatever else lives in the database.
Does not belong here: finding the database or locking it (schema).
"""

from alembic import context

from campaign_pipeline.storage.tables import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # Dagster may share the database, and alembic_version is its own.
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
