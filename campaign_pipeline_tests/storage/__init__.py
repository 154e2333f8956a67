"""Tests of campaign_pipeline.storage: the ledger, on SQLite and on Postgres, and the artifact store."""
