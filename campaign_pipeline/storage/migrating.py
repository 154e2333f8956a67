"""Migrating a ledger on request: for the login that may, on behalf of those that may not.

Belongs here: what `campaign migrate` does to a ledger, from its URL on.
Does not belong here: how the schema (schema), its role (app_role) or a revision (migrations) is made.
"""

from collections.abc import Sequence
from contextlib import closing

from campaign_pipeline.errors import CampaignError, ErrorCode, shown
from campaign_pipeline.storage.app_role import grant_app_role, require_login
from campaign_pipeline.storage.database import Database
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.schema import Migration, migrate


def migrate_ledger(url: str, *, grant_to: Sequence[str] = ()) -> Migration:
    """Make or migrate a ledger's tables, and on Postgres its role and policies; what is right stays as it is.

    Args:
        grant_to: Logins of the Postgres server that may work with the ledger from now on.

    Raises:
        CampaignError: VALIDATION_ERROR when the URL names no ledger, or a login is none; LEDGER_UNAVAILABLE when the
            ledger cannot be reached, or this login may not migrate it.
    """
    address = LedgerAddress.parse(url)
    if address.path is not None and grant_to:
        message = f"--grant: {shown(grant_to[0])} found; the ledger is a SQLite file, which knows no logins"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    with closing(Database(address)) as database:
        if grant_to:
            with database.read_as_login() as connection:
                for login in grant_to:
                    require_login(connection, login)
        migration = migrate(database)
        with database.write_as_login() as connection:
            for login in grant_to:
                grant_app_role(connection, login)
    return migration
